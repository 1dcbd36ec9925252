package carpool.kit.grpc;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import java.nio.charset.StandardCharsets;

/// A refusal or failure that a caller is told about: status code, a reason other programs can
/// decide by, a text that says what was found, and a hint that says what to do. Throw it from a
/// service method or hand it to `onError`; both become the same status.
///
/// On the wire: the text as status description, the reason in `carpool-reason`, the hint in
/// `carpool-hint-bin` (UTF-8), and both as a `google.rpc.ErrorInfo` with domain `carpool` in
/// `grpc-status-details-bin`, where grpcurl and buf show them.
public final class ServiceError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// The reason: the name of an enum constant.
  public static final Metadata.Key<String> REASON =
      Metadata.Key.of("carpool-reason", Metadata.ASCII_STRING_MARSHALLER);

  /// What to do, UTF-8.
  public static final Metadata.Key<byte[]> HINT =
      Metadata.Key.of("carpool-hint-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private static final Metadata.Key<com.google.rpc.Status> DETAILS =
      Metadata.Key.of(
          "grpc-status-details-bin",
          ProtoUtils.metadataMarshaller(com.google.rpc.Status.getDefaultInstance()));

  private final Status.Code code;
  private final Enum<?> reason;
  private final String hint;

  /// `message`: what was found; `hint`: what is allowed or what to do, may be empty.
  public ServiceError(Status.Code code, Enum<?> reason, String message, String hint) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.hint = hint;
  }

  /// The status code.
  public Status.Code code() {
    return code;
  }

  /// The reason.
  public Enum<?> reason() {
    return reason;
  }

  /// What to do; may be empty.
  public String hint() {
    return hint;
  }

  /// The exception that gRPC sends as it is.
  public StatusRuntimeException toStatus() {
    return status().asRuntimeException(trailers());
  }

  Status status() {
    return Status.fromCode(code).withDescription(getMessage());
  }

  Metadata trailers() {
    var trailers = new Metadata();
    trailers.put(REASON, reason.name());
    var info = ErrorInfo.newBuilder().setDomain("carpool").setReason(reason.name());
    if (!hint.isEmpty()) {
      trailers.put(HINT, hint.getBytes(StandardCharsets.UTF_8));
      info.putMetadata("hint", hint);
    }
    trailers.put(
        DETAILS,
        com.google.rpc.Status.newBuilder()
            .setCode(code.value())
            .setMessage(String.valueOf(getMessage()))
            .addDetails(Any.pack(info.build()))
            .build());
    return trailers;
  }

  /// The reason a peer sent, or the empty string.
  public static String reasonOf(Throwable failure) {
    var trailers = Status.trailersFromThrowable(failure);
    var reason = trailers == null ? null : trailers.get(REASON);
    return reason == null ? "" : reason;
  }

  /// The hint a peer sent, or the empty string.
  public static String hintOf(Throwable failure) {
    var trailers = Status.trailersFromThrowable(failure);
    var hint = trailers == null ? null : trailers.get(HINT);
    return hint == null ? "" : new String(hint, StandardCharsets.UTF_8);
  }
}
