package carpool.kit.grpc;

import com.google.protobuf.DescriptorProtos.MethodOptions.IdempotencyLevel;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Who may do what at a control endpoint, and the journal of what was done.
///
/// Looking is what the `.proto` files mark with `idempotency_level = NO_SIDE_EFFECTS`; everything
/// else, also what a later release adds and forgets to mark, is an operator's. The unix socket is
/// root's, so whoever reaches it is an operator. Over TCP an operator is who shows a certificate of
/// our authority made out to one of the names in `control: { operators: […] }`; any other client
/// looks, and so does everybody without TLS: a port on loopback is open to every local user.
///
/// Each call of an operator is logged with its caller and its result.
final class AccessControl implements ServerInterceptor {
  private static final Logger LOG = LoggerFactory.getLogger("carpool.operator");

  /// Not ours to mark, and they only look.
  private static final Set<String> STANDARD_VIEWS =
      Set.of("grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection");

  private final boolean unix;
  private final Set<String> operators;

  private AccessControl(boolean unix, Set<String> operators) {
    this.unix = unix;
    this.operators = operators;
  }

  /// For the socket that only root can open.
  static AccessControl unix() {
    return new AccessControl(true, Set.of());
  }

  /// For TCP.
  ///
  /// @param operators names in certificates, without regard to case
  static AccessControl tcp(List<String> operators) {
    return new AccessControl(
        false,
        operators.stream()
            .map(name -> name.toLowerCase(Locale.ROOT))
            .collect(Collectors.toUnmodifiableSet()));
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (onlyLooks(call.getMethodDescriptor())) {
      return next.startCall(call, headers);
    }
    var caller = unix ? Caller.ofSocket(headers) : new Caller(names(call), false);
    var method = call.getMethodDescriptor().getFullMethodName();
    if (!unix && caller.names().stream().noneMatch(operators::contains)) {
      LOG.warn("refused: {} by {}", method, caller);
      // Closed here: an interceptor must not throw.
      var refusal = refusal(caller);
      call.close(refusal.status(), refusal.trailers());
      return new ServerCall.Listener<>() {};
    }
    var journaled = caller.service() ? call : new Journaled<>(call, method, caller);
    return next.startCall(journaled, headers);
  }

  private ServiceError refusal(Caller caller) {
    return new ServiceError(
        Status.Code.PERMISSION_DENIED,
        Reason.NOT_AN_OPERATOR,
        "",
        "this client may look and not operate: it "
            + (caller.names().isEmpty()
                ? "shows no certificate"
                : "shows a certificate of " + caller),
        "use the unix socket as root, or name the certificate in control: { operators: […] } of"
            + " carpool.yaml, with tls");
  }

  /// Reasons in error details.
  private enum Reason {
    NOT_AN_OPERATOR
  }

  private static boolean onlyLooks(MethodDescriptor<?, ?> method) {
    if (STANDARD_VIEWS.contains(method.getServiceName())) {
      return true;
    }
    return method.getSchemaDescriptor() instanceof ProtoMethodDescriptorSupplier schema
        && schema.getMethodDescriptor().getOptions().getIdempotencyLevel()
            == IdempotencyLevel.NO_SIDE_EFFECTS;
  }

  private static Set<String> names(ServerCall<?, ?> call) {
    SSLSession session = call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION);
    if (session == null) {
      return Set.of();
    }
    try {
      var chain = session.getPeerCertificates();
      return chain.length > 0 && chain[0] instanceof X509Certificate certificate
          ? PeerTls.names(certificate).stream()
              .map(name -> name.toLowerCase(Locale.ROOT))
              .collect(Collectors.toUnmodifiableSet())
          : Set.of();
    } catch (SSLPeerUnverifiedException _) {
      return Set.of();
    }
  }

  /// Notes how the call ended.
  private static final class Journaled<Q, A> extends SimpleForwardingServerCall<Q, A> {
    private final String method;
    private final Caller caller;
    private final AnsweredRefusals refusals = new AnsweredRefusals();

    Journaled(ServerCall<Q, A> call, String method, Caller caller) {
      super(call);
      this.method = method;
      this.caller = caller;
    }

    @Override
    public void sendMessage(A message) {
      refusals.look(message);
      super.sendMessage(message);
    }

    @Override
    public void close(Status status, Metadata trailers) {
      var refused = refusals.toString();
      if (status.isOk() && refused.isEmpty()) {
        LOG.info("{} by {}: done", method, caller);
      } else if (status.isOk()) {
        LOG.warn("{} by {}: refused: {}", method, caller, refused);
      } else {
        LOG.warn("{} by {}: {} {}", method, caller, status.getCode(), status.getDescription());
      }
      super.close(status, trailers);
    }
  }
}
