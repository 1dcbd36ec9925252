package carpool.kit.boot;

/// `replicator`, `election` or `orchestrator`: names the socket, the logs and the metrics.
public record ServiceName(String value) {

  /// Ports of one configured address are shared: replicator and others take it as it is, election
  /// one higher, orchestrator two higher.
  public int portOffset() {
    return switch (value) {
      case "election" -> 1;
      case "orchestrator" -> 2;
      default -> 0;
    };
  }

  @Override
  public String toString() {
    return value;
  }
}
