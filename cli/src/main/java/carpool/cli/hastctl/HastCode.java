package carpool.cli.hastctl;

import carpool.common.v1.ErrorDetail;
import java.util.Optional;

/// Our reasons as the error numbers of hastd's control protocol (`sbin/hastd/hast.h`).
final class HastCode {
  static final int NO_SUCH_RESOURCE = 1;
  private static final int INVALID_REQUEST = 2;

  /// A refusal the original does not know; EBUSY, as a failing worker would report it.
  private static final int BUSY = 16;

  private HastCode() {}

  static int of(Optional<ErrorDetail> detail) {
    return switch (detail.map(ErrorDetail::getReason).orElse("")) {
      case "RESOURCE_UNKNOWN" -> NO_SUCH_RESOURCE;
      case "ARGUMENT_INVALID" -> INVALID_REQUEST;
      default -> BUSY;
    };
  }
}
