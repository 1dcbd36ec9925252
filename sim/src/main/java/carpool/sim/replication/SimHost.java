package carpool.sim.replication;

import carpool.replicator.core.ReplicationCore.Settings;
import carpool.sim.Transcript;
import carpool.sim.VirtualTime;

/// The world in which the two nodes of one resource live: what they take from it.
public interface SimHost {
  /// Longest chunk of a synchronisation.
  int CHUNK_BYTES = 128 << 10;

  /// What a unit of the devices' content stands for.
  default int unitBytes() {
    return SimDisk.UNIT_BYTES;
  }

  VirtualTime time();

  Transcript transcript();

  /// The link between the two.
  SimLink link();

  /// 0 or 1.
  SimNode node(int index);

  /// Settings of the node of that name.
  Settings settings(String name);

  /// A random number, never 0.
  long freshId();

  /// Bytes per second.
  long syncRate(int node);

  /// The peer of this node says when it has received.
  boolean memsync(int node);

  boolean slowDisk(int node);

  boolean slowJournal();

  boolean slowLink();

  /// A disk had trouble: what cannot be read counts as different in a verification.
  boolean diskTrouble();

  /// Something is about to become durable, or to be told: a good moment for a fault.
  default void pending(SimNode node, Moment moment) {}

  /// The node's core has heard of the end of its session.
  default void disconnected(SimNode node) {}

  /// The peer has written what the request in this slot sent it.
  default void replicated(SimNode node, int slot) {}

  /// True when this attempt to connect is to fail at any point.
  default boolean handshakeFails() {
    return false;
  }

  /// A flush was refused, and what it should have covered may be gone from this disk.
  void flushFailed(SimNode node);

  /// A write, a flush or a record was refused: from now on the copy counts for nothing.
  void copyLost(SimNode node);

  /// Something reaches the node's process: at once, or when it runs again.
  default void reach(SimNode node, Runnable event) {
    event.run();
  }

  /// How long a broken connection may go unnoticed, microseconds.
  ///
  /// @param silent nobody tells of the end: a cut, or a node without power
  default long noticedWithinMicros(boolean silent) {
    return 6000;
  }

  /// False: a planted fault.
  default boolean asksForLeave() {
    return true;
  }

  /// How long a question to a peer that does not answer takes at most, microseconds.
  default long leaveWithinMicros() {
    return 8000;
  }

  /// Longest pause between two attempts to connect, microseconds.
  default long dialWithinMicros() {
    return 4000;
  }
}
