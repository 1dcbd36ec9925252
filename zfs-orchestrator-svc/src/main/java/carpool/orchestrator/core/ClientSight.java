package carpool.orchestrator.core;

/// What one node knows of its own client network, and what it does there, at one moment. Each node
/// tells it to the other one over the replication network.
///
/// @param master its election says MASTER
/// @param givesWay it has given its role up, or is about to, because it lost its clients
/// @param evidence what the rest rests on
/// @param silentNanos since the last sign of life of that network
/// @param cut that is too long, and was asked often enough, to be a passing loss
/// @param text for people: what answers, or what does not
public record ClientSight(
    boolean master,
    boolean givesWay,
    Evidence evidence,
    long silentNanos,
    boolean cut,
    String text) {

  /// Where the signs of life come from.
  public enum Evidence {
    /// There are none: the network cannot be judged.
    NONE,
    /// Anything at all is received on the interface.
    TRAFFIC,
    /// A host beyond the interface answers.
    TARGET
  }

  /// This sight as somebody has it who reads of it later.
  public ClientSight aged(long nanos) {
    return new ClientSight(master, givesWay, evidence, silentNanos + nanos, cut, text);
  }

  /// The network was alive just now.
  boolean well() {
    return evidence != Evidence.NONE && silentNanos <= SightTrack.WELL;
  }
}
