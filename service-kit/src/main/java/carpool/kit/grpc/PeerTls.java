package carpool.kit.grpc;

import carpool.kit.config.CarpoolConfig.TlsFiles;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.netty.GrpcSslContexts;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.NotSslRecordException;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/// Mutual TLS 1.3 between the two nodes of a pair, from the PEM files of `tls:`; new files hold
/// from the next connection on.
///
/// A certificate is accepted when it is signed by `ca`, is within its dates, and is made out to the
/// node: one of its dNSNames is the name of the node (the word after `on` in hast.conf), without
/// regard to case; the common name counts only when there is no dNSName. No wildcards.
public final class PeerTls {
  /// The session of a call's connection; absent without TLS.
  private static final Context.Key<SSLSession> SESSION = Context.key("peer-tls-session");

  private static final Context.Key<SocketAddress> ADDRESS = Context.key("peer-address");

  // AES-128 first: the JDK has both in hardware, and the shorter key costs less per block.
  private static final List<String> CIPHERS =
      List.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256");
  private static final int SAN_DNS_NAME = 2;
  private static final int TLS_ALERT = 21;
  private static final int TLS_HANDSHAKE = 22;

  private final SslContext grpcClient;
  private final SslContext grpcServer;
  private final SslContext client;
  private final SslContext server;

  private PeerTls(TlsFiles files, Consumer<String> refusals) throws IOException {
    var identity = TlsIdentity.load(files);
    var trust = new TellingTrust(identity, "the peer", refusals);
    grpcClient = GrpcSslContexts.configure(forClient(identity, trust), SslProvider.JDK).build();
    grpcServer = GrpcSslContexts.configure(forServer(identity, trust), SslProvider.JDK).build();
    client = forClient(identity, trust).sslProvider(SslProvider.JDK).build();
    server = forServer(identity, trust).sslProvider(SslProvider.JDK).build();
  }

  /// Reads the files.
  ///
  /// @param refusals is told in a sentence of every certificate that is not accepted, on the
  ///   handshake's thread; must not block
  /// @throws IOException when they do not make an identity; tells which files
  public static PeerTls load(TlsFiles files, Consumer<String> refusals) throws IOException {
    try {
      return new PeerTls(files, refusals);
    } catch (SSLException | IllegalArgumentException e) {
      throw new IOException(TlsIdentity.problem(files, e), e);
    }
  }

  private static SslContextBuilder forClient(TlsIdentity identity, TellingTrust trust) {
    return common(
        // The name is checked by requireName, which knows what a node name is.
        SslContextBuilder.forClient()
            .endpointIdentificationAlgorithm(null)
            .keyManager(identity.keys()),
        trust);
  }

  private static SslContextBuilder forServer(TlsIdentity identity, TellingTrust trust) {
    return common(
        SslContextBuilder.forServer(identity.keys()).clientAuth(ClientAuth.REQUIRE), trust);
  }

  private static SslContextBuilder common(SslContextBuilder builder, TellingTrust trust) {
    return builder.trustManager(trust).protocols("TLSv1.3").ciphers(CIPHERS);
  }

  SslContext grpcClient() {
    return grpcClient;
  }

  SslContext grpcServer() {
    return grpcServer;
  }

  /// The calling side of a connection that is not gRPC.
  public SSLEngine clientEngine() {
    return client.newEngine(ByteBufAllocator.DEFAULT);
  }

  /// The answering side of a connection that is not gRPC; asks for a certificate.
  public SSLEngine serverEngine() {
    return server.newEngine(ByteBufAllocator.DEFAULT);
  }

  /// Checks that the other side of a finished handshake is the node.
  ///
  /// @throws SSLPeerUnverifiedException tells who it is instead
  public static void requireName(SSLSession session, String node)
      throws SSLPeerUnverifiedException {
    var chain = session.getPeerCertificates();
    var names =
        chain.length > 0 && chain[0] instanceof X509Certificate certificate
            ? names(certificate)
            : List.<String>of();
    if (names.stream().noneMatch(node::equalsIgnoreCase)) {
      throw new SSLPeerUnverifiedException(
          "the certificate is made out to "
              + (names.isEmpty() ? "nobody" : String.join(", ", names))
              + ", configured is "
              + node);
    }
  }

  /// The TLS session of the connection on which the present gRPC call came; null without TLS.
  public static @Nullable SSLSession session() {
    return SESSION.get();
  }

  /// What a failed connection has to do with TLS.
  ///
  /// @param text a sentence for an operator
  public record Trouble(String text) {}

  /// Why a call or a handshake failed; null when not for TLS.
  public static @Nullable Trouble trouble(Throwable failure) {
    @Nullable Trouble found = null;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      switch (cause) {
        case NotSslRecordException _ -> {
          return new Trouble("the peer answers without TLS; its carpool.yaml has no tls:");
        }
        case CertificateException e -> {
          return new Trouble("this node refuses " + e.getMessage());
        }
        case SSLPeerUnverifiedException e -> {
          return new Trouble("this node refuses the peer: " + e.getMessage());
        }
        case SSLException e ->
            found =
                new Trouble(
                    "the TLS handshake failed, this node's certificate may be refused there: "
                        + e.getMessage());
        default -> {}
      }
    }
    return found;
  }

  /// Whether a server answers a TLS greeting as only TLS does. Shows a node without TLS why a peer
  /// with TLS hangs up on it.
  ///
  /// @param deadlineMillis for connecting and for the answer
  public static boolean answersInTls(InetSocketAddress address, int deadlineMillis) {
    try (var socket = new Socket()) {
      socket.connect(address, deadlineMillis);
      socket.setSoTimeout(deadlineMillis);
      var engine = SSLContext.getDefault().createSSLEngine();
      engine.setUseClientMode(true);
      var greeting = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
      engine.wrap(ByteBuffer.allocate(0), greeting);
      socket.getOutputStream().write(greeting.array(), 0, greeting.position());
      int first = socket.getInputStream().read();
      return first == TLS_HANDSHAKE || first == TLS_ALERT;
    } catch (IOException | GeneralSecurityException e) {
      return false;
    }
  }

  /// Where the present gRPC call comes from; null when that is not known.
  public static @Nullable SocketAddress callerAddress() {
    return ADDRESS.get();
  }

  static List<String> names(X509Certificate certificate) {
    var names = new ArrayList<String>();
    try {
      var alternatives = certificate.getSubjectAlternativeNames();
      for (var alternative : alternatives == null ? List.<List<?>>of() : alternatives) {
        if (alternative.get(0) instanceof Integer kind
            && kind == SAN_DNS_NAME
            && alternative.get(1) instanceof String name) {
          names.add(name);
        }
      }
      if (names.isEmpty()) {
        for (var part : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
          if (part.getType().equalsIgnoreCase("CN")) {
            names.add(String.valueOf(part.getValue()));
          }
        }
      }
    } catch (CertificateException | InvalidNameException e) {
      return List.of(); // a name that cannot be read is nobody's
    }
    return names;
  }

  /// Puts TLS session and address of the caller where [#session] and [#callerAddress] find them.
  static final class Recorder implements ServerInterceptor {
    @Override
    public <Q, A> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
      var context =
          Context.current()
              .withValue(ADDRESS, call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
      var session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
      if (session != null) {
        context = context.withValue(SESSION, session);
      }
      return Contexts.interceptCall(context, call, headers, next);
    }
  }
}
