package carpool.replicator.core;

import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationCore.Found;
import carpool.replicator.core.ReplicationCore.Settings;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Two cores, two small disks and a connection, without time: whatever the cores ask for is queued
/// and carried out in that order by [#settle]. Content is one number per 4 KiB.
final class CorePair {
  static final int UNIT = 4096;
  static final int UNITS = 64;
  static final int EXTENT = 128 << 10;

  /// Ticks for which a promotion waits for a session.
  static final int SESSION_WAIT = 4;

  /// Ticks in which the peer has to answer.
  static final int TIMEOUT = 5;

  private static final int BLOCK_UNITS = (64 << 10) / UNIT;

  final Node a = new Node("a");
  final Node b = new Node("b");
  private final ArrayDeque<Work> work = new ArrayDeque<>();
  private final ReplicationMode mode;
  private long lastId = 100;
  private long session;

  /// False: questions outside of a session are not answered either.
  boolean reachable;

  /// Questions outside of a session are lost, and their answers never come.
  boolean losesQuestions;

  /// The nodes meet again when both are ready for it, at each tick.
  boolean meetsAgain;

  /// Sessions that were begun.
  long sessions;

  /// One thing to do; `session` 0 for what does not travel.
  private record Work(Node node, long life, long session, Runnable action) {}

  CorePair(ReplicationMode mode) {
    this.mode = mode;
    a.start();
    b.start();
  }

  /// Connected, `a` primary, both copies equal.
  static CorePair inStep(ReplicationMode mode) {
    var pair = new CorePair(mode);
    pair.connect();
    pair.promote(pair.a);
    return pair;
  }

  void connect() {
    connectWithoutSteps();
    settle();
  }

  /// The nodes meet; [#step] carries out what follows.
  void connectWithoutSteps() {
    session = ++lastId;
    sessions++;
    var fromA = a.core().openSession(session);
    var fromB = b.core().openSession(session);
    a.later(session, () -> a.core().connected(session, fromB));
    b.later(session, () -> b.core().connected(session, fromA));
  }

  /// Number of the session under way; 0 when there is none.
  long session() {
    return session;
  }

  /// Breaks the connection: what is under way is lost.
  void cut() {
    long broken = session;
    if (broken == 0) {
      return;
    }
    session = 0;
    work.removeIf(one -> one.session == broken);
    for (var node : List.of(a, b)) {
      if (node.alive) {
        node.core().disconnected(broken);
      }
    }
  }

  /// One node notices the end of the connection, the other does not.
  void cutAt(Node node) {
    long broken = session;
    work.removeIf(one -> one.session == broken && one.node == node);
    node.core().disconnected(broken);
  }

  /// So many seconds pass, and what follows from each is carried out.
  void ticks(int count) {
    for (int i = 0; i < count; i++) {
      settle();
      for (var node : List.of(a, b)) {
        if (node.alive) {
          node.core().tick();
        }
      }
      settle();
      if (meetsAgain
          && a.alive
          && b.alive
          && a.core().readyForSession()
          && b.core().readyForSession()) {
        connect();
      }
    }
  }

  Verdict promote(Node node) {
    return promote(node, /* force= */ false);
  }

  Verdict force(Node node) {
    return promote(node, /* force= */ true);
  }

  private Verdict promote(Node node, boolean force) {
    node.verdict = null;
    node.core().setRole(++lastId, Role.PRIMARY, force);
    settle();
    for (int i = 0; i < SESSION_WAIT && node.verdict == null; i++) {
      ticks(1);
    }
    var verdict = node.verdict;
    if (verdict == null) {
      throw new AssertionError("no answer to the promotion");
    }
    return verdict;
  }

  /// Carries out everything that is queued, and what follows from it.
  void settle() {
    while (step()) {
      // on
    }
  }

  /// Carries out one thing; false when there was none.
  boolean step() {
    var next = work.poll();
    if (next == null) {
      return false;
    }
    if (next.node.alive && next.life == next.node.life) {
      next.action.run();
    }
    for (var node : List.of(a, b)) {
      if (node.alive) {
        node.core().checkInvariants();
      }
    }
    return true;
  }

  Node other(Node node) {
    return node == a ? b : a;
  }

  boolean equal() {
    return Arrays.equals(a.data, b.data);
  }

  /// One node: a core, its disk and its clients.
  final class Node implements Effects {
    final String name;
    final long[] data = new long[UNITS];
    final Set<Integer> unreadable = new HashSet<>();
    final Map<Integer, Result> answers = new HashMap<>();
    boolean refusesWrites;
    boolean refusesFlushes;

    /// Flushes for the peer that were begun.
    int forPeer;

    /// What the peer was told of its last write, if the session lasted so long.
    boolean toldWritten;

    /// Hears no message of the peer.
    boolean deaf;

    private boolean holdsArrivals;
    private final ArrayDeque<Runnable> arrivals = new ArrayDeque<>();

    private boolean hangs;
    private final ArrayDeque<Runnable> hanging = new ArrayDeque<>();
    private boolean holdsRecords;
    private boolean holdsFlushes;
    private final ArrayDeque<Runnable> localFlushes = new ArrayDeque<>();
    private final ArrayDeque<Runnable> records = new ArrayDeque<>();
    boolean alive;
    private long life;
    private final byte[] map = new byte[4096];
    private Role role = Role.INIT;
    private DiskState disk = DiskState.CONSISTENT;
    private Identity identity = Identity.FRESH;
    private final long[][] buffers = new long[16][];
    private @Nullable ReplicationCore core;
    @Nullable Verdict verdict;
    final Set<Notice> notices = new HashSet<>();
    private final List<Consumer<Leave>> askers = new ArrayList<>();

    /// Questions to the peer whether this node may go on alone.
    int asked;

    Node(String name) {
      this.name = name;
    }

    ReplicationCore core() {
      var running = core;
      if (running == null) {
        throw new AssertionError(name + " is down");
      }
      return running;
    }

    void start() {
      var marked = new BlockSet(UNITS * UNIT / EXTENT);
      for (int extent = 0; extent < marked.size(); extent++) {
        if ((map[extent >> 3] & 1 << (extent & 7)) != 0) {
          marked.add(extent);
        }
      }
      life++;
      alive = true;
      var settings =
          new Settings(
              name,
              mode,
              true,
              UNITS * UNIT,
              EXTENT,
              2,
              8,
              4,
              4,
              1 << 17,
              other(this).name,
              SESSION_WAIT,
              TIMEOUT);
      core = new ReplicationCore(settings, new Found(role, disk, identity, marked), this::id, this);
      core.setRole(0, Role.SECONDARY, false);
    }

    /// Replaces the disk by one that hastd wrote, and starts the node with it.
    void startOnHastDisk(long localcnt, long remotecnt, long content, int... dirtyExtents) {
      alive = false;
      Arrays.fill(data, content);
      Arrays.fill(map, (byte) 0);
      for (int extent : dirtyExtents) {
        map[extent >> 3] |= (byte) (1 << (extent & 7));
      }
      role = Role.SECONDARY;
      disk = DiskState.CONSISTENT;
      identity = new Identity(77, localcnt, remotecnt, Identity.HAST_GENERATION, false, List.of());
      start();
    }

    /// Replaces the disk by one that was just created, and starts the node with it.
    void startOnFreshDisk() {
      alive = false;
      Arrays.fill(data, 0);
      Arrays.fill(map, (byte) 0);
      role = Role.INIT;
      disk = DiskState.CONSISTENT;
      identity = Identity.FRESH;
      start();
    }

    /// What is on the disk.
    Identity stored() {
      return identity;
    }

    /// How good the copy is, as recorded on the disk.
    DiskState storedDisk() {
      return disk;
    }

    /// `kill -9`, and the connection with it.
    void kill() {
      alive = false;
      cut();
    }

    private long id() {
      return ++lastId;
    }

    private void later(long forSession, Runnable action) {
      work.add(new Work(this, life, forSession, action));
    }

    /// Done by the disk, unless that hangs.
    private void byDisk(Runnable action) {
      if (hangs) {
        hanging.add(action);
      } else {
        later(0, action);
      }
    }

    /// From now on the disk answers nothing: `write`, `read`, `fdatasync` do not return.
    void hang() {
      hangs = true;
    }

    /// A disk that hung was replaced with the process; what hung never happens.
    void revive() {
      hangs = false;
      hanging.clear();
    }

    /// One of the requests that hang is carried out.
    void unhangOne() {
      later(0, hanging.remove());
    }

    /// New requests are carried out, those that hang are not.
    void hangsOnlyWhatItHas() {
      hangs = false;
    }

    /// The disk goes on, with what it was asked first.
    void unhang() {
      hangs = false;
      while (!hanging.isEmpty()) {
        later(0, hanging.remove());
      }
    }

    private void send(long forSession, Runnable arrival) {
      if (forSession != session) {
        return;
      }
      var peer = other(this);
      if (peer.holdsArrivals) {
        peer.arrivals.add(() -> peer.later(forSession, arrival));
      } else {
        peer.later(forSession, arrival);
      }
    }

    /// From now on what the peer sends is on its way until [#releaseArrivals].
    void holdArrivals() {
      holdsArrivals = true;
    }

    void releaseArrivals() {
      holdsArrivals = false;
      while (!arrivals.isEmpty()) {
        arrivals.remove().run();
      }
    }

    /// Writes the value to a unit and returns the slot, whose answer is in [#answers].
    int write(int unit, long value) {
      return write(unit, value, /* forced= */ false);
    }

    /// Answered when it is durable.
    int writeForced(int unit, long value) {
      return write(unit, value, /* forced= */ true);
    }

    /// Zeroes a unit; answered when that is durable.
    int zeroForced(int unit, WriteKind kind) {
      int slot = freeSlot();
      buffers[slot] = new long[1];
      answers.remove(slot);
      core().clientWrite(slot, (long) unit * UNIT, UNIT, kind, /* fua= */ true);
      return slot;
    }

    private int write(int unit, long value, boolean forced) {
      int slot = freeSlot();
      buffers[slot] = new long[] {value};
      answers.remove(slot);
      core().clientWrite(slot, (long) unit * UNIT, UNIT, WriteKind.DATA, forced);
      return slot;
    }

    int read(int unit) {
      int slot = freeSlot();
      buffers[slot] = new long[1];
      answers.remove(slot);
      core().clientRead(slot, (long) unit * UNIT, UNIT);
      return slot;
    }

    int flush() {
      int slot = freeSlot();
      answers.remove(slot);
      core().clientFlush(slot);
      return slot;
    }

    long value(int slot) {
      return buffers[slot][0];
    }

    private int nextSlot;

    private int freeSlot() {
      nextSlot = (nextSlot + 1) % 8;
      return nextSlot;
    }

    @Override
    public void writeLocal(int slot, long offsetBytes, int lengthBytes, WriteKind kind) {
      var payload = buffers[slot].clone();
      byDisk(() -> {
        for (int i = 0; i < lengthBytes / UNIT && !refusesWrites; i++) {
          data[(int) (offsetBytes / UNIT) + i] = payload[i];
          unreadable.remove((int) (offsetBytes / UNIT) + i);
        }
        core().localWritten(slot, !refusesWrites);
      });
    }

    @Override
    public void readLocal(int slot, long offsetBytes, int lengthBytes) {
      int first = (int) (offsetBytes / UNIT);
      int count = lengthBytes / UNIT;
      byDisk(() -> {
        boolean ok = true;
        for (int i = 0; i < count; i++) {
          ok &= !unreadable.contains(first + i);
        }
        if (ok) {
          buffers[slot] = Arrays.copyOfRange(data, first, first + count);
        }
        core().localRead(slot, ok);
      });
    }

    private boolean readable(int first, int count) {
      for (int i = 0; i < count; i++) {
        if (unreadable.contains(first + i)) {
          return false;
        }
      }
      return true;
    }

    /// Zeroes are found for a whole range or not at all.
    private boolean zero(int first, int count) {
      for (int i = 0; i < count; i++) {
        if (data[first + i] != 0) {
          return false;
        }
      }
      return true;
    }

    @Override
    public void scanLocal(int slot, long offsetBytes, int lengthBytes, boolean digest) {
      int first = (int) (offsetBytes / UNIT);
      int count = lengthBytes / UNIT;
      byDisk(() -> {
        boolean ok = readable(first, count);
        buffers[slot] = Arrays.copyOfRange(data, first, first + count);
        core().localScanned(slot, ok, ok && zero(first, count) ? lengthBytes : 0);
      });
    }

    @Override
    public void compareLocal(int slot, long offsetBytes, int lengthBytes) {
      int first = (int) (offsetBytes / UNIT);
      int count = lengthBytes / UNIT;
      var theirs = buffers[slot];
      byDisk(() -> {
        int blocks = (count - 1) / BLOCK_UNITS + 1;
        long mask = 0;
        for (int i = 0; i < count; i++) {
          if (theirs[i] != data[first + i]) {
            mask |= 1L << (blocks - 1 - i / BLOCK_UNITS);
          }
        }
        boolean ok = readable(first, count);
        core().localCompared(slot, ok, lengthBytes, ok ? mask : -1);
      });
    }

    @Override
    public void sendChunk(
        long ofSession, int slot, long offsetBytes, int lengthBytes, int skipBytes) {
      buffers[slot] = Arrays.copyOfRange(buffers[slot], skipBytes / UNIT, buffers[slot].length);
      sendWrite(ofSession, slot, offsetBytes, lengthBytes, WriteKind.DATA);
    }

    @Override
    public void sendCompare(
        long ofSession, int slot, long offsetBytes, int lengthBytes, boolean zeroes) {
      var payload = Arrays.copyOf(buffers[slot], lengthBytes / UNIT);
      var peer = other(this);
      send(
          ofSession,
          () -> {
            int there = peer.peerSlot(slot);
            peer.buffers[there] = payload;
            peer.core().peerCompareArrived(ofSession, there, offsetBytes, lengthBytes);
          });
    }

    @Override
    public void answerCompare(long ofSession, int slot, int coveredBytes, long differentMask) {
      int there = sequence[slot] - 1;
      sequence[slot] = 0;
      send(
          ofSession,
          () -> other(this).core().peerCompared(ofSession, there, coveredBytes, differentMask));
    }

    @Override
    public void flushLocal(long flushId) {
      localFlushes.add(() -> core().localFlushed(flushId, !refusesFlushes));
      if (!holdsFlushes) {
        releaseFlushes();
      }
    }

    @Override
    public void flushForPeer(long ofSession, long flushId) {
      forPeer++;
      localFlushes.add(() -> core().peerFlushDone(ofSession, flushId, !refusesFlushes));
      if (!holdsFlushes) {
        releaseFlushes();
      }
    }

    @Override
    public void writeMap(long token, List<MapPart> parts) {
      byDisk(() -> {
        for (var part : parts) {
          part.image().duplicate().get(map, (int) part.offsetBytes(), part.image().remaining());
        }
        core().mapWritten(token, !refusesWrites);
      });
    }

    @Override
    public void writeMetadata(long token, Role newRole, DiskState newDisk, Identity newIdentity) {
      records.add(() -> {
        if (!refusesWrites) {
          role = newRole;
          disk = newDisk;
          identity = newIdentity;
        }
        core().metadataWritten(token, !refusesWrites);
      });
      if (!holdsRecords) {
        releaseRecords();
      }
    }

    /// From now on flushes of the local disk end only with [#releaseFlushes].
    void holdFlushes() {
      holdsFlushes = true;
    }

    void releaseFlushes() {
      holdsFlushes = false;
      while (!localFlushes.isEmpty()) {
        byDisk(localFlushes.remove());
      }
    }

    /// From now on records reach the disk only with [#releaseRecords].
    void holdRecords() {
      holdsRecords = true;
    }

    void releaseRecords() {
      while (!records.isEmpty()) {
        byDisk(records.remove());
      }
    }

    @Override
    public void sendWrite(
        long ofSession, int slot, long offsetBytes, int lengthBytes, WriteKind kind) {
      var payload = Arrays.copyOf(buffers[slot], lengthBytes / UNIT);
      var peer = other(this);
      send(
          ofSession,
          () -> {
            int there = peer.peerSlot(slot);
            peer.buffers[there] = payload;
            peer.core()
                .peerWriteArrived(
                    ofSession,
                    there,
                    offsetBytes,
                    lengthBytes,
                    kind,
                    mode == ReplicationMode.MEMSYNC);
          });
    }

    private final int[] sequence = new int[16];

    private int peerSlot(int slot) {
      for (int i = 12; i < 16; i++) {
        if (sequence[i] == 0) {
          sequence[i] = slot + 1;
          return i;
        }
      }
      throw new AssertionError("no slot for the peer");
    }

    @Override
    public void sendFlush(long ofSession, long flushId) {
      send(ofSession, () -> other(this).core().peerFlushArrived(ofSession, flushId));
    }

    @Override
    public void sendRead(long ofSession, int slot, long offsetBytes, int lengthBytes) {
      var peer = other(this);
      send(
          ofSession,
          () ->
              peer.core()
                  .peerReadArrived(ofSession, peer.peerSlot(slot), offsetBytes, lengthBytes));
    }

    @Override
    public void ackReceived(long ofSession, int slot) {
      int there = sequence[slot] - 1;
      send(ofSession, () -> other(this).core().peerReceived(ofSession, there));
    }

    @Override
    public void ackWritten(long ofSession, int slot, boolean ok) {
      toldWritten = ok;
      int there = sequence[slot] - 1;
      sequence[slot] = 0;
      send(ofSession, () -> other(this).core().peerWritten(ofSession, there, ok));
    }

    @Override
    public void answerRead(long ofSession, int slot, boolean ok) {
      int there = sequence[slot] - 1;
      sequence[slot] = 0;
      var payload = ok ? buffers[slot].clone() : new long[0];
      var peer = other(this);
      send(
          ofSession,
          () -> {
            if (ok) {
              peer.buffers[there] = payload;
            }
            peer.core().peerReadDone(ofSession, there, ok);
          });
    }

    @Override
    public void ackFlushed(long ofSession, long flushId, boolean ok) {
      send(ofSession, () -> other(this).core().peerFlushed(ofSession, flushId, ok));
    }

    @Override
    public void send(long ofSession, PeerMessage message) {
      send(
          ofSession,
          () -> {
            if (!other(this).deaf) {
              other(this).core().message(ofSession, message);
            }
          });
    }

    @Override
    public void closeSession(long ofSession, CloseReason why, String text) {
      later(
          0,
          () -> {
            if (ofSession == session) {
              cut();
            }
          });
    }

    @Override
    public void askLeave(long question, Tenure tenure, Identity asker) {
      var peer = other(this);
      asked++;
      if (losesQuestions) {
        return;
      }
      later(
          0,
          () -> {
            if (peer.alive && reachable) {
              peer.askers.add(leave -> core().leaveAnswered(question, leave));
              peer.core().peerAsksLeave(peer.askers.size() - 1, tenure, asker);
            } else {
              core().leaveAnswered(question, Leave.UNREACHABLE);
            }
          });
    }

    @Override
    public void answerLeave(long request, Leave leave) {
      other(this).later(0, () -> askers.get((int) request).accept(leave));
    }

    @Override
    public void complete(int slot, Result result) {
      answers.put(slot, result);
    }

    @Override
    public void release(int slot) {}

    @Override
    public void roleDecided(long request, Verdict decided) {
      verdict = decided;
    }

    @Override
    public void fenced(String reason) {}

    @Override
    public void report(Notice notice) {
      notices.add(notice);
    }
  }
}
