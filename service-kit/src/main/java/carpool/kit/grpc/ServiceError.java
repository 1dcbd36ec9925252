package carpool.kit.grpc;

import carpool.common.v1.ErrorDetail;
import com.google.protobuf.Any;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import java.util.Optional;

/// A refusal or failure that a caller is told about: status code, a reason other programs decide
/// by, a text that says what was found, and a hint that says what to do. Throw it from a service
/// method or hand it to `onError`; both become the same status.
///
/// On the wire: the text is the status description; the [ErrorDetail] is in the trailing metadata
/// key `carpool-error-bin`, and once more in the standard `grpc-status-details-bin`, where grpcurl
/// and buf show it. Results that hold an `ErrorDetail` field take [#detail()].
public final class ServiceError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private static final Metadata.Key<ErrorDetail> DETAIL =
      Metadata.Key.of(
          "carpool-error-bin", ProtoUtils.metadataMarshaller(ErrorDetail.getDefaultInstance()));

  private static final Metadata.Key<com.google.rpc.Status> STANDARD_DETAILS =
      Metadata.Key.of(
          "grpc-status-details-bin",
          ProtoUtils.metadataMarshaller(com.google.rpc.Status.getDefaultInstance()));

  private final Status.Code code;
  private final ErrorDetail detail;

  /// A failure about `subject` (a resource, pool or group; empty: the whole node).
  ///
  /// @param reason its name is the word on the wire, as listed in the service's proto file
  /// @param message what was found
  /// @param hint what would change the answer; may be empty
  public ServiceError(
      Status.Code code, Enum<?> reason, String subject, String message, String hint) {
    this(
        code,
        message,
        ErrorDetail.newBuilder()
            .setReason(reason.name())
            .setSubject(subject)
            .setHint(hint)
            .build());
  }

  /// A failure with facts that belong to its reason.
  public ServiceError(Status.Code code, String message, ErrorDetail detail) {
    super(message);
    this.code = code;
    this.detail = detail;
  }

  /// The status code.
  public Status.Code code() {
    return code;
  }

  /// Reason, subject, hint and facts.
  public ErrorDetail detail() {
    return detail;
  }

  /// The exception that gRPC sends as it is.
  public StatusRuntimeException toStatus() {
    return status().asRuntimeException(trailers());
  }

  /// What a server told about a failed call; empty when it told nothing beyond the status.
  public static Optional<ErrorDetail> detailOf(Throwable failure) {
    var trailers = Status.trailersFromThrowable(failure);
    return trailers == null ? Optional.empty() : Optional.ofNullable(trailers.get(DETAIL));
  }

  Status status() {
    return Status.fromCode(code).withDescription(getMessage());
  }

  Metadata trailers() {
    var trailers = new Metadata();
    trailers.put(DETAIL, detail);
    trailers.put(
        STANDARD_DETAILS,
        com.google.rpc.Status.newBuilder()
            .setCode(code.value())
            .setMessage(String.valueOf(getMessage()))
            .addDetails(Any.pack(detail))
            .build());
    return trailers;
  }
}
