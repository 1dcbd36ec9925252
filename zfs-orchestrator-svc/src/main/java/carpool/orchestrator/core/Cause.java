package carpool.orchestrator.core;

/// The causes of demotion that the orchestrator holds.
public enum Cause {
  /// This node cannot serve yet: start-up, or the replicator does not answer.
  NOT_READY("not-ready", 240, false),
  /// Its copy must not be served.
  DATA_NOT_CURRENT("data-not-current", 240, true),
  /// It does not hear the peer's replicator, and is not the one that serves.
  REPLICATION_LINK("replication-link", 240, false),
  MAINTENANCE("maintenance", 240, true),
  /// The clients do not reach this node, and do reach the other one.
  CLIENT_NETWORK("client-network", 240, true),
  /// Another group of the same sync group cannot take part here.
  SYNC_GROUP("sync-group", 240, false),
  /// The pool failed here, or could not be imported.
  POOL("pool", 240, false),
  /// The pool works without redundancy: shown, and decides between equals only, because it would be
  /// no better on the other node.
  POOL_DEGRADED("pool-degraded", 1, false),
  /// The pool hangs on devices that were cut off.
  POOL_CUT_OFF("pool-cut-off", 240, true),
  /// Too many commands neither end nor can be killed: no step can be carried out here.
  COMMANDS_HANG("commands-hang", 240, false),
  /// A service failed more often than it may.
  SERVICE("service", 240, false);

  private final String word;
  private final int amount;
  private final boolean ineligible;

  Cause(String word, int amount, boolean ineligible) {
    this.word = word;
    this.amount = amount;
    this.ineligible = ineligible;
  }

  /// The name in the election's list.
  public String word() {
    return word;
  }

  /// What it weighs, 1..255.
  public int amount() {
    return amount;
  }

  /// True when it rules out MASTER.
  public boolean ineligible() {
    return ineligible;
  }
}
