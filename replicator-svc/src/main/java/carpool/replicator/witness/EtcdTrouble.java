package carpool.replicator.witness;

import carpool.replicator.witness.WitnessFailure.Reason;

/// One endpoint did not do what it was asked for.
final class EtcdTrouble extends Exception {
  private static final long serialVersionUID = 1L;

  private final Reason reason;
  private final boolean perhapsDone;

  /// @param perhapsDone whether the request may have been carried out, or may yet be
  EtcdTrouble(Reason reason, String text, boolean perhapsDone) {
    super(text, null, false, false); // a value that travels, not a defect with a stack
    this.reason = reason;
    this.perhapsDone = perhapsDone;
  }

  Reason reason() {
    return reason;
  }

  String text() {
    return String.valueOf(getMessage());
  }

  boolean perhapsDone() {
    return perhapsDone;
  }

  /// Whether another endpoint may do it: these say something about one member or the way to it, the
  /// rest about the cluster or the request.
  boolean worthAnotherEndpoint() {
    return switch (reason) {
      case UNREACHABLE, TLS, FOREIGN_CLUSTER, NO_QUORUM -> true;
      case NO_SPACE, UNAUTHENTICATED, PERMISSION_DENIED, MALFORMED -> false;
    };
  }
}
