package carpool.replicator.core;

import java.util.ArrayList;
import java.util.List;

/// Group commit of flushes: one flush of both copies runs at a time, and everybody who asks while
/// it runs shares the next one, because only a flush that starts later covers what was written
/// before.
final class FlushRounds {
  /// Who waits for a flush.
  sealed interface Waiter {
    /// A client's FLUSH in this slot.
    record ClientFlush(int slot) implements Waiter {}

    /// A client's write with FUA that is otherwise done.
    record ForcedWrite(int slot) implements Waiter {}

    /// The end of a synchronisation.
    record SyncEnd(long session) implements Waiter {}

    /// The target before it takes over the source's identity.
    record Adoption(long session, Identity identity) implements Waiter {}

    /// The way from primary to secondary.
    record Demotion() implements Waiter {}

    /// A primary that stood still and wants the peer's word in this session.
    record Confirmation(long session) implements Waiter {}

    /// Nobody; keeps the amount of unflushed data small.
    record Background() implements Waiter {}
  }

  private List<Waiter> current = new ArrayList<>();
  private List<Waiter> next = new ArrayList<>();
  private long lastId;
  private boolean running;
  private boolean localPending;
  private boolean remotePending;
  private boolean remotePart;
  private boolean localOk;

  void add(Waiter waiter) {
    next.add(waiter);
  }

  boolean running() {
    return running;
  }

  /// True when a round should be started now.
  boolean due() {
    return !running && !next.isEmpty();
  }

  /// Starts a round and returns its id (> 0).
  long start(boolean withPeer) {
    var waiters = next;
    next = current;
    current = waiters;
    running = true;
    localPending = true;
    remotePending = withPeer;
    remotePart = withPeer;
    localOk = false;
    return ++lastId;
  }

  /// True when this id is the running round's.
  boolean isCurrent(long id) {
    return running && id == lastId;
  }

  void localDone(boolean ok) {
    localPending = false;
    localOk = ok;
  }

  void remoteDone() {
    remotePending = false;
  }

  /// The peer is gone: the round counts for this node only.
  void peerLost() {
    remotePending = false;
    remotePart = false;
  }

  /// True while the peer has not flushed.
  boolean remotePending() {
    return running && remotePending;
  }

  /// Id of the last round.
  long lastId() {
    return lastId;
  }

  boolean ended() {
    return running && !localPending && !remotePending;
  }

  boolean localOk() {
    return localOk;
  }

  /// True when both copies flushed.
  boolean coveredPeer() {
    return remotePart;
  }

  /// Ends the round and returns who waited for it.
  List<Waiter> end() {
    running = false;
    var waiters = List.copyOf(current);
    current.clear();
    return waiters;
  }

  /// Everybody who waits; all are forgotten. A running round ends without waiters.
  List<Waiter> abandon() {
    var all = new ArrayList<>(current);
    all.addAll(next);
    current.clear();
    next.clear();
    return all;
  }
}
