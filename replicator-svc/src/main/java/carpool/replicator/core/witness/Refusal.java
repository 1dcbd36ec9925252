package carpool.replicator.core.witness;

/// Why a node is not promoted, or has to give its role up.
public enum Refusal {
  COPY_UNUSABLE(
      "this copy is outdated or not completely synchronised",
      "connect the peer and let it synchronise"),
  PEER_IS_PRIMARY("the peer is primary", "ask for a switchover, or stop the peer"),
  PEER_GOES_FIRST("the peer is being promoted", "ask for a switchover afterwards"),
  PEER_NOT_HEARD("the peer did not answer in the session", "try again"),
  RECORD_NAMES_PEER(
      "the witness says that only the peer may serve",
      "connect the peer and let it synchronise; if it is lost, promote this node by force"),
  WITNESS_FOREIGN(
      "the witness is empty or belongs to another time",
      "connect the peer and replace the witness; if it is lost, promote this node by force"),
  WITNESS_NOT_HEARD(
      "neither the peer nor the witness answers", "connect the peer or bring the witness back"),
  DEMOTED("the promotion was taken back", "");

  private final String reason;
  private final String hint;

  Refusal(String reason, String hint) {
    this.reason = reason;
    this.hint = hint;
  }

  /// Why, in a sentence.
  public String reason() {
    return reason;
  }

  /// What would change the answer; empty when nothing needs to.
  public String hint() {
    return hint;
  }
}
