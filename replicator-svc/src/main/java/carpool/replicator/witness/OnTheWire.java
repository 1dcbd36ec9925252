package carpool.replicator.witness;

import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientStreamTracer;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.ForwardingClientCallListener.SimpleForwardingClientCallListener;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/// What goes with one call besides its message, and what is seen of it on the connection.
///
/// A call gets a stream once a connection stands, after TLS and etcd's first HTTP/2 frame. Before
/// that nothing of it has left this node, so it cannot have been carried out.
final class OnTheWire implements ClientInterceptor {
  /// etcd's names for these (etcd-io/etcd:api/v3rpc/rpctypes/metadatafields.go).
  private static final Metadata.Key<String> TOKEN =
      Metadata.Key.of("token", Metadata.ASCII_STRING_MARSHALLER);

  /// A member without a leader then says so at once, instead of waiting for one.
  private static final Metadata.Key<String> REQUIRE_LEADER =
      Metadata.Key.of("hasleader", Metadata.ASCII_STRING_MARSHALLER);

  private final @Nullable String token;
  private final boolean requireLeader;
  private final AtomicBoolean sent = new AtomicBoolean();
  private volatile Optional<X509Certificate> serverCertificate = Optional.empty();

  OnTheWire(@Nullable String token, boolean requireLeader) {
    this.token = token;
    this.requireLeader = requireLeader;
  }

  /// Whether some of the call may have reached the other side.
  boolean sent() {
    return sent.get();
  }

  /// Of the connection that was used; empty without TLS or without an answer.
  Optional<X509Certificate> serverCertificate() {
    return serverCertificate;
  }

  @Override
  public <Q, A> ClientCall<Q, A> interceptCall(
      MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
    var watched = options.withStreamTracerFactory(new SentMark());
    return new SimpleForwardingClientCall<>(next.newCall(method, watched)) {
      @Override
      public void start(Listener<A> listener, Metadata headers) {
        if (token != null) {
          headers.put(TOKEN, token);
        }
        if (requireLeader) {
          headers.put(REQUIRE_LEADER, "true");
        }
        var call = delegate();
        super.start(
            new SimpleForwardingClientCallListener<>(listener) {
              @Override
              public void onHeaders(Metadata answered) {
                serverCertificate = certificate(call.getAttributes());
                super.onHeaders(answered);
              }
            },
            headers);
      }
    };
  }

  private static Optional<X509Certificate> certificate(Attributes connection) {
    var session = connection.get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
    try {
      return session != null
              && session.getPeerCertificates().length > 0
              && session.getPeerCertificates()[0] instanceof X509Certificate found
          ? Optional.of(found)
          : Optional.empty();
    } catch (SSLPeerUnverifiedException e) {
      return Optional.empty();
    }
  }

  private final class SentMark extends ClientStreamTracer.Factory {
    @Override
    public ClientStreamTracer newClientStreamTracer(
        ClientStreamTracer.StreamInfo info, Metadata headers) {
      return new ClientStreamTracer() {
        @Override
        public void streamCreated(Attributes connection, Metadata sentHeaders) {
          sent.set(true);
        }
      };
    }
  }
}
