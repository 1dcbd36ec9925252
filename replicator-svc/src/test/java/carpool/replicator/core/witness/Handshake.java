package carpool.replicator.core.witness;

/// Two nodes meet: whose copy is newer, as their disks say it. Stands in for the handshake of the
/// replication core.
final class Handshake {
  private Handshake() {}

  static void open(World w) {
    int source = source(w);
    int target = 1 - source;
    var newer = w.nodes[source];
    var older = w.nodes[target];
    if (older.standing(Standing.PRIMARY)) {
      w.feed(target, new WitnessEvent.PeerNewer());
      return;
    }
    for (var node : w.nodes) {
      node.forgetSent();
      node.stage = 0;
    }
    boolean equal =
        newer.data == older.data
            && !newer.ahead
            && newer.usable()
            && older.usable()
            && !older.ahead;
    if (equal && newer.pending != 0) {
      newer.stage = 3;
    }
    w.feed(target, new WitnessEvent.SessionOpened(equal ? SyncState.IN_SYNC : SyncState.TARGET));
    w.feed(source, new WitnessEvent.SessionOpened(equal ? SyncState.IN_SYNC : SyncState.SOURCE));
  }

  private static int source(World w) {
    var a = w.nodes[0];
    var b = w.nodes[1];
    if (a.ahead != b.ahead) {
      return a.ahead ? 0 : 1;
    }
    if (a.inconsistent != b.inconsistent) {
      return a.inconsistent ? 1 : 0;
    }
    if (a.outdated != b.outdated) {
      return a.outdated ? 1 : 0;
    }
    return b.standing(Standing.PRIMARY) ? 1 : 0;
  }
}
