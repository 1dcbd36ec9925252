package carpool.replicator.control;

import carpool.kit.grpc.ServiceError;
import carpool.replicator.v1.VerifyRequest;
import io.grpc.Status;

/// A comparison finds that two blocks differ, not which of them is right: a repair needs to be
/// told.
final class RepairRule {
  private static final String EVIDENCE =
      "compare without repair first: both nodes keep their version of what differs in"
          + " state-dir/verify; find out which copy is right (zpool scrub on each in turn, the"
          + " disks' own error counts)";

  private RepairRule() {}

  /// Refuses a repair that names no source, or one that this node cannot carry out.
  static void check(VerifyRequest request) {
    if (!request.getRepair()) {
      return;
    }
    switch (request.getSource()) {
      case REPAIR_SOURCE_LOCAL -> {}
      case REPAIR_SOURCE_PEER ->
          throw refused(
              "the primary's copy is in use and cannot be overwritten",
              "switch over, then repair on the other node with the source local");
      case REPAIR_SOURCE_UNSPECIFIED, UNRECOGNIZED ->
          throw refused("a comparison does not tell which copy is right", EVIDENCE);
    }
  }

  private static ServiceError refused(String why, String hint) {
    return new ServiceError(
        Status.Code.INVALID_ARGUMENT, RefusalReason.ARGUMENT_INVALID, "", why, hint);
  }
}
