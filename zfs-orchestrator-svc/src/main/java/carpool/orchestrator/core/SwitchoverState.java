package carpool.orchestrator.core;

/// The planned move of the pool to the other node.
final class SwitchoverState {
  /// How far a switchover got.
  enum Handover {
    NONE,
    YIELDING,
    RESIGNING,
    WAITING_FOR_PEER
  }

  Handover handover = Handover.NONE;
  String cause = "";
}
