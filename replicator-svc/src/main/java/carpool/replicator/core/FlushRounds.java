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
    ///
    /// @param pause number of the pause
    record Confirmation(long session, long pause) implements Waiter {}

    /// Nobody; keeps the amount of unflushed data small.
    record Background() implements Waiter {}
  }

  /// In the number of a flush: when it began, this copy had taken every write that the peer had
  /// been sent before. Older versions never set it.
  private static final long COVERS_ALL_SENT = 1L << 62;

  private List<Waiter> current = new ArrayList<>();
  private List<Waiter> next = new ArrayList<>();
  private long lastNumber;
  private long runningId;
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

  /// Whether the sender's own disk had everything that it had sent before this flush.
  static boolean coversAllSent(long id) {
    return (id & COVERS_ALL_SENT) != 0;
  }

  /// Starts a round and returns its id (> 0).
  ///
  /// @param coversAllSent no write that the peer was sent is still under way to the local disk
  long start(boolean withPeer, boolean coversAllSent) {
    var waiters = next;
    next = current;
    current = waiters;
    running = true;
    localPending = true;
    remotePending = withPeer;
    remotePart = withPeer;
    localOk = false;
    runningId = ++lastNumber | (coversAllSent ? COVERS_ALL_SENT : 0);
    return runningId;
  }

  /// True when this id is the running round's.
  boolean isCurrent(long id) {
    return running && id == runningId;
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
    return runningId;
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
