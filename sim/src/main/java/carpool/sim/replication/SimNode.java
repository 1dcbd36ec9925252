package carpool.sim.replication;

import carpool.replicator.core.CloseReason;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Effects;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Leave;
import carpool.replicator.core.PeerMessage;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.Role;
import carpool.replicator.core.Tenure;
import carpool.replicator.core.WriteKind;
import carpool.sim.replication.SimLink.Frame;
import java.nio.LongBuffer;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One node: a core, its disk, and what the shell does, under virtual time.
public final class SimNode implements Effects {
  static final int CLIENT_SLOTS = 6;
  static final int SYNC_SLOTS = 3;
  static final int PEER_SLOTS = 24;

  /// A write reaches the disk in at most so many parts.
  private static final int PARTS_MAX = 4;

  private final SimHost world;
  private final int unitBytes;
  private final int blockUnits;
  private final int chunkUnits;
  public final int index;
  public final String name;
  public SimDisk disk;
  @Nullable ReplicationCore core;

  /// Counts the lives of the process; events of an earlier life are dropped.
  private int life;

  private final long[][] buffers = new long[CLIENT_SLOTS + SYNC_SLOTS + PEER_SLOTS][];
  private final boolean[] comparesZeroes = new boolean[buffers.length];
  private final ArrayDeque<Integer> freeClientSlots = new ArrayDeque<>();
  private final ArrayDeque<Integer> freePeerSlots = new ArrayDeque<>();
  private final Map<Integer, Consumer<Result>> answers = new HashMap<>();
  private final long[] peerSeq = new long[buffers.length];
  private final Map<Long, Consumer<Verdict>> roleAnswers = new HashMap<>();
  private long lastRequest;
  private long journalFreeAt;
  boolean fencedSeen;

  /// Blocks of the peer's disk that were changed behind its back.
  int rotten;

  /// @param name differs from the other node's
  public SimNode(SimHost world, int index, String name, int units, int extents) {
    this.world = world;
    this.index = index;
    this.name = name;
    this.disk = new SimDisk(units, extents);
    unitBytes = world.unitBytes();
    blockUnits = (64 << 10) / unitBytes;
    chunkUnits = SimHost.CHUNK_BYTES / unitBytes;
  }

  /// Counts the lives of the process.
  int life() {
    return life;
  }

  /// Another disk takes the place of the present one; only while the process does not run.
  void insert(SimDisk other) {
    if (alive()) {
      throw new IllegalStateException(name + " runs");
    }
    disk = other;
  }

  public boolean alive() {
    return core != null;
  }

  public ReplicationCore running() {
    if (core == null) {
      throw new IllegalStateException(name + " is down");
    }
    return core;
  }

  public void start() {
    life++;
    fencedSeen = false;
    journalFreeAt = world.time().nowMicros();
    freeClientSlots.clear();
    freePeerSlots.clear();
    answers.clear();
    askers.clear();
    roleAnswers.clear();
    for (int i = 0; i < CLIENT_SLOTS; i++) {
      freeClientSlots.add(i);
    }
    for (int i = 0; i < PEER_SLOTS; i++) {
      freePeerSlots.add(CLIENT_SLOTS + SYNC_SLOTS + i);
    }
    core = new ReplicationCore(world.settings(name), disk.found(), world::freshId, this);
    core.configureSyncRate(world.syncRate(index));
    core.setRole(0, Role.SECONDARY, false);
    log(() -> "starts: " + core);
  }

  /// The process is gone. The disk keeps what the operating system has, unless the power went too.
  public void stop(boolean powerCut) {
    log(() -> powerCut ? "power cut" : "killed");
    life++;
    core = null;
    if (powerCut) {
      disk.powerCut(world.time().random());
    }
    world.link().nodeGone(this, powerCut);
  }

  // ----- what the client does

  /// In this life, or in one before: its copy counts for nothing until it is whole again.
  boolean diskHasFailed() {
    return (alive() && running().disk() == DiskState.FAILED) || disk.hasLostWrites();
  }

  /// What the peer sent is here and not carried out yet: it falls with this process.
  public boolean holdsReceived() {
    return freePeerSlots.size() < PEER_SLOTS;
  }

  public boolean hasClientSlot() {
    return !freeClientSlots.isEmpty();
  }

  /// Returns the slot, which counts until the client is answered.
  public int write(
      int unit, int units, long value, WriteKind kind, boolean forced, Consumer<Result> answer) {
    int slot = freeClientSlots.remove();
    var payload = new long[units];
    java.util.Arrays.fill(payload, kind == WriteKind.DATA ? value : 0);
    buffers[slot] = payload;
    answers.put(slot, answer);
    running().clientWrite(slot, (long) unit * unitBytes, units * unitBytes, kind, forced);
    return slot;
  }

  public void read(int unit, int units, Consumer<long @Nullable []> answer) {
    int slot = freeClientSlots.remove();
    var buffer = new long[units]; // the reader's own, whoever uses the slot afterwards
    buffers[slot] = buffer;
    answers.put(slot, result -> answer.accept(result == Result.OK ? buffer : null));
    running().clientRead(slot, (long) unit * unitBytes, units * unitBytes);
  }

  public void flush(Consumer<Result> answer) {
    int slot = freeClientSlots.remove();
    answers.put(slot, answer);
    running().clientFlush(slot);
  }

  public void setRole(Role role, boolean force, Consumer<Verdict> answer) {
    if (rolePending()) {
      return;
    }
    long request = ++lastRequest;
    roleAnswers.put(request, answer);
    running().setRole(request, role, force);
  }

  public boolean rolePending() {
    return !roleAnswers.isEmpty();
  }

  // ----- frames of the peer

  void receive(long session, Frame frame) {
    var c = running();
    switch (frame) {
      case Frame.Write(
              long seq,
              long offset,
              int length,
              LongBuffer payload,
              WriteKind kind,
              boolean receipt) -> {
        Integer slot = freePeerSlots.poll();
        if (slot == null) {
          throw new IllegalStateException("no peer slot");
        }
        buffers[slot] = payload.array();
        peerSeq[slot] = seq;
        c.peerWriteArrived(session, slot, offset, length, kind, receipt);
      }
      case Frame.Read(long seq, long offset, int length) -> {
        Integer slot = freePeerSlots.poll();
        if (slot == null) {
          throw new IllegalStateException("no peer slot");
        }
        buffers[slot] = new long[length / unitBytes];
        peerSeq[slot] = seq;
        c.peerReadArrived(session, slot, offset, length);
      }
      case Frame.Compare(long seq, long offset, int length, @Nullable LongBuffer content) -> {
        Integer slot = freePeerSlots.poll();
        if (slot == null) {
          throw new IllegalStateException("no peer slot");
        }
        buffers[slot] = content == null ? new long[length / unitBytes] : content.array();
        comparesZeroes[slot] = content == null;
        peerSeq[slot] = seq;
        c.peerCompareArrived(session, slot, offset, length);
      }
      case Frame.Compared(long seq, int covered, long mask) ->
          c.peerCompared(session, (int) seq, covered, mask);
      case Frame.Received(long seq) -> c.peerReceived(session, (int) seq);
      case Frame.Written(long seq, boolean ok) -> {
        if (ok) {
          world.replicated(this, (int) seq);
        }
        c.peerWritten(session, (int) seq, ok);
      }
      case Frame.Data(long seq, LongBuffer payload, boolean ok) -> {
        if (ok) {
          payload.get(0, buffers[(int) seq], 0, payload.limit());
        }
        c.peerReadDone(session, (int) seq, ok);
      }
      case Frame.Flush(long id) -> c.peerFlushArrived(session, id);
      case Frame.Flushed(long id, boolean ok) -> c.peerFlushed(session, id, ok);
      case Frame.Message(PeerMessage message) -> c.message(session, message);
    }
  }

  /// A frame of a session that this node has ended. The shell throws away what belongs to a request
  /// of its own that is over, but the core may see it.
  void receiveLate(long session, Frame frame) {
    var c = running();
    switch (frame) {
      case Frame.Data(long seq, _, boolean ok) -> c.peerReadDone(session, (int) seq, ok);
      case Frame.Written(long seq, boolean ok) -> c.peerWritten(session, (int) seq, ok);
      case Frame.Write _,
          Frame.Read _,
          Frame.Compare _,
          Frame.Compared _,
          Frame.Received _,
          Frame.Flush _,
          Frame.Flushed _,
          Frame.Message _ ->
          receive(session, frame);
    }
    c.checkInvariants();
  }

  // ----- effects

  /// An answer of the disk.
  private void later(long min, long max, Consumer<ReplicationCore> event) {
    int thisLife = life;
    world.time().within(min, max, () -> disk.whenItAnswers(() -> reach(thisLife, event)));
  }

  private void reach(int ofLife, Consumer<ReplicationCore> event) {
    world.reach(
        this,
        () -> {
          if (life == ofLife && core != null) {
            event.accept(core);
            core.checkInvariants();
          }
        });
  }

  @Override
  public void writeLocal(int slot, long offsetBytes, int lengthBytes, WriteKind kind) {
    int first = (int) (offsetBytes / unitBytes);
    int units = lengthBytes / unitBytes;
    var payload = unchanging(slot, units);
    var refused = new boolean[1];
    long most = world.slowDisk(index) ? 8000 : 300;
    // The write happens somewhere between request and answer, in parts and in any order; a crash
    // may
    // cut it in the middle.
    int parts = Math.min(units, 1 + world.time().random().nextInt(PARTS_MAX));
    int from = 0;
    for (int part = 1; part <= parts; part++) {
      int left = parts - part;
      int to = left == 0 ? units : (int) world.time().between(from + 1, units - left);
      writePart(first + from, payload, from, to - from, most, refused);
      from = to;
    }
    later(
        most + 1,
        most + (world.slowDisk(index) ? 1000 : 100),
        c -> c.localWritten(slot, !refused[0]));
  }

  /// What is to be written, for whoever reads it later. Nobody changes the content of a write in
  /// its buffer: another request in the slot brings a buffer of its own.
  private long[] unchanging(int slot, int units) {
    return buffers[slot].length == units && !reused(slot)
        ? buffers[slot]
        : java.util.Arrays.copyOf(buffers[slot], units);
  }

  /// The buffer of a slot of the synchronisation serves one request after the other.
  private static boolean reused(int slot) {
    return slot >= CLIENT_SLOTS && slot < CLIENT_SLOTS + SYNC_SLOTS;
  }

  private void writePart(
      int first, long[] values, int from, int length, long mostMicros, boolean[] refused) {
    int thisLife = life;
    world
        .time()
        .within(
            1,
            mostMicros,
            () ->
                disk.whenItAnswers(() -> {
                  if (life == thisLife && disk.writable()) {
                    disk.write(first, values, from, length);
                  } else {
                    refused[0] = true;
                    refusedBy(thisLife);
                  }
                }));
  }

  @Override
  public void readLocal(int slot, long offsetBytes, int lengthBytes) {
    later(
        1,
        400,
        c -> {
          int first = (int) (offsetBytes / unitBytes);
          int units = lengthBytes / unitBytes;
          boolean ok = disk.readable(first, first + units);
          if (ok) {
            System.arraycopy(disk.visible(), first, buffers[slot], 0, units);
          }
          c.localRead(slot, ok);
        });
    room(slot, lengthBytes);
  }

  private void room(int slot, int lengthBytes) {
    if (buffers[slot] == null || buffers[slot].length < lengthBytes / unitBytes) {
      buffers[slot] = new long[lengthBytes / unitBytes];
    }
  }

  /// Units that are zero from `first` on, in whole blocks or to the end.
  private int zeroUnits(int first, int units) {
    int zero = 0;
    while (zero < units
        && disk.visible()[first + zero] == 0
        && disk.readable(first + zero, first + zero + 1)) {
      zero++;
    }
    return zero == units ? zero : zero - zero % blockUnits;
  }

  @Override
  public void scanLocal(int slot, long offsetBytes, int lengthBytes, boolean digest) {
    int first = (int) (offsetBytes / unitBytes);
    int units = lengthBytes / unitBytes;
    later(
        1,
        400,
        c -> {
          int zero = zeroUnits(first, units);
          boolean ok = zero > 0 || disk.readable(first, first + Math.min(units, chunkUnits));
          buffers[slot] =
              java.util.Arrays.copyOfRange(
                  disk.visible(), first, first + Math.min(units, chunkUnits));
          c.localScanned(slot, ok, zero * unitBytes);
        });
  }

  @Override
  public void compareLocal(int slot, long offsetBytes, int lengthBytes) {
    int first = (int) (offsetBytes / unitBytes);
    int units = lengthBytes / unitBytes;
    boolean zeroes = comparesZeroes[slot];
    later(
        1,
        400,
        c -> {
          int zero = disk.hasLostWrites() ? 0 : zeroUnits(first, units);
          if (zeroes && zero > 0) {
            c.localCompared(slot, true, zero * unitBytes, 0);
          } else if (zeroes) {
            int one = Math.min(units, blockUnits);
            c.localCompared(slot, disk.readable(first, first + one), one * unitBytes, 1);
          } else if (!disk.readable(first, first + units)) {
            c.localCompared(slot, false, lengthBytes, -1);
          } else {
            c.localCompared(slot, true, lengthBytes, differentMask(buffers[slot], first, units));
          }
        });
  }

  private long differentMask(long[] content, int first, int units) {
    int blocks = (units - 1) / blockUnits + 1;
    long mask = 0;
    for (int unit = 0; unit < units; unit++) {
      if (disk.hasLostWrites() || content[unit] != disk.visible()[first + unit]) {
        mask |= 1L << (blocks - 1 - unit / blockUnits);
      }
    }
    return mask;
  }

  @Override
  public void flushLocal(long flushId) {
    int covered = disk.cached();
    world.pending(this, Moment.FLUSH);
    later(50, 2000, c -> c.localFlushed(flushId, flush(covered)));
  }

  @Override
  public void flushForPeer(long session, long flushId) {
    int covered = disk.cached();
    world.pending(this, Moment.FLUSH_FOR_PEER);
    later(50, 2000, c -> c.peerFlushDone(session, flushId, flush(covered)));
  }

  private boolean flush(int covered) {
    if (disk.flushable()) {
      disk.flush(covered);
      return true;
    }
    disk.noteLostWrites();
    world.flushFailed(this);
    return false;
  }

  /// Whoever did not live to hear of the refusal noted nothing.
  private void refusedBy(int ofLife) {
    if (life == ofLife) {
      if (!disk.hasLostWrites()) {
        world.copyLost(this);
      }
      disk.noteLostWrites();
    }
  }

  /// Map and metadata writes are carried out one after the other.
  private void journal(Runnable apply, BiConsumer<ReplicationCore, Boolean> event) {
    long now = world.time().nowMicros();
    long start = Math.max(now, journalFreeAt);
    long applied = start + world.time().between(20, world.slowJournal() ? 6000 : 800);
    long done = applied + world.time().between(1, 50);
    journalFreeAt = done;
    int thisLife = life;
    world
        .time()
        .after(
            applied - now,
            () ->
                disk.whenItAnswers(() -> {
                  // Refused in the end, a record may have reached the disk all the same.
                  if (life == thisLife
                      && !disk.refusesAll()
                      && (disk.writable() || world.time().chance(1, 2))) {
                    apply.run();
                  }
                  if (!disk.writable()) {
                    refusedBy(thisLife);
                  }
                }));
    world
        .time()
        .after(
            done - now,
            () -> disk.whenItAnswers(() -> reach(thisLife, c -> event.accept(c, disk.writable()))));
    world.pending(this, Moment.RECORD);
  }

  @Override
  public void writeMap(long token, List<MapPart> parts) {
    journal(() -> disk.writeMap(parts), (c, ok) -> c.mapWritten(token, ok));
  }

  @Override
  public void writeMetadata(long token, Role role, DiskState state, Identity identity) {
    log(() -> "metadata " + role + " " + state + " " + identity);
    if (identity.alone() && !disk.identity().alone()) {
      world.pending(this, Moment.ALONE);
    }
    journal(
        () -> disk.writeMetadata(role, state, identity), (c, ok) -> c.metadataWritten(token, ok));
  }

  private void send(long session, Frame frame) {
    world.link().send(this, session, frame);
  }

  @Override
  public void sendWrite(long session, int slot, long offsetBytes, int lengthBytes, WriteKind kind) {
    int units = lengthBytes / unitBytes;
    var payload = kind == WriteKind.DATA ? unchanging(slot, units) : new long[units];
    send(
        session,
        new Frame.Write(
            slot, offsetBytes, lengthBytes, LongBuffer.wrap(payload), kind, world.memsync(index)));
  }

  @Override
  public void sendChunk(long session, int slot, long offsetBytes, int lengthBytes, int skipBytes) {
    int skip = skipBytes / unitBytes;
    var part = java.util.Arrays.copyOfRange(buffers[slot], skip, skip + lengthBytes / unitBytes);
    send(
        session,
        new Frame.Write(
            slot,
            offsetBytes,
            lengthBytes,
            LongBuffer.wrap(part),
            WriteKind.DATA,
            world.memsync(index)));
  }

  @Override
  public void sendCompare(
      long session, int slot, long offsetBytes, int lengthBytes, boolean zeroes) {
    send(
        session,
        new Frame.Compare(
            slot,
            offsetBytes,
            lengthBytes,
            zeroes
                ? null
                : LongBuffer.wrap(
                    java.util.Arrays.copyOf(buffers[slot], lengthBytes / unitBytes))));
  }

  @Override
  public void answerCompare(long session, int slot, int coveredBytes, long differentMask) {
    send(session, new Frame.Compared(seqOf(slot), coveredBytes, differentMask));
    freePeerSlots.add(slot);
  }

  @Override
  public void sendFlush(long session, long flushId) {
    send(session, new Frame.Flush(flushId));
  }

  @Override
  public void sendRead(long session, int slot, long offsetBytes, int lengthBytes) {
    room(slot, lengthBytes);
    send(session, new Frame.Read(slot, offsetBytes, lengthBytes));
  }

  private long seqOf(int slot) {
    return peerSeq[slot];
  }

  @Override
  public void ackReceived(long session, int slot) {
    world.pending(this, Moment.RECEIPT);
    send(session, new Frame.Received(seqOf(slot)));
  }

  @Override
  public void ackWritten(long session, int slot, boolean ok) {
    send(session, new Frame.Written(seqOf(slot), ok));
    freePeerSlots.add(slot);
  }

  @Override
  public void answerRead(long session, int slot, boolean ok) {
    send(session, new Frame.Data(seqOf(slot), LongBuffer.wrap(buffers[slot].clone()), ok));
    freePeerSlots.add(slot);
  }

  @Override
  public void ackFlushed(long session, long flushId, boolean ok) {
    send(session, new Frame.Flushed(flushId, ok));
  }

  @Override
  public void send(long session, PeerMessage message) {
    log(() -> "says " + message);
    send(session, new Frame.Message(message));
  }

  @Override
  public void closeSession(long session, CloseReason why, String reason) {
    log(() -> "closes the session: " + reason);
    world.link().close(this, session);
  }

  /// Who waits for the answer to a question of the peer, by our number.
  private final Map<Long, Consumer<Leave>> askers = new HashMap<>();

  private long lastAsker;

  @Override
  public void askLeave(long question, Tenure tenure, Identity identity) {
    log(() -> "asks for leave " + question);
    var peer = world.node(1 - index);
    int thisLife = life;
    var answered = new boolean[1];
    Consumer<Leave> answer =
        leave ->
            reach(
                thisLife,
                c -> {
                  if (!answered[0]) {
                    answered[0] = true;
                    log(() -> "leave " + question + ": " + leave);
                    c.leaveAnswered(question, leave);
                  }
                });
    if (!world.asksForLeave()) {
      world.time().after(0, () -> answer.accept(Leave.UNREACHABLE));
      return;
    }
    world.link().call(peer, () -> peer.peerAsks(this, tenure, identity, answer));
    world
        .time()
        .within(
            world.leaveWithinMicros() / 2,
            world.leaveWithinMicros(),
            () -> answer.accept(Leave.UNREACHABLE));
  }

  private void peerAsks(SimNode peer, Tenure tenure, Identity identity, Consumer<Leave> answer) {
    var c = core;
    if (c == null) { // refused at once
      world.link().call(peer, () -> answer.accept(Leave.UNREACHABLE));
      return;
    }
    long request = ++lastAsker;
    askers.put(request, leave -> world.link().call(peer, () -> answer.accept(leave)));
    c.peerAsksLeave(request, tenure, identity);
  }

  @Override
  public void answerLeave(long request, Leave leave) {
    log(() -> "gives leave " + request + ": " + leave);
    var asker = askers.remove(request);
    if (asker == null) {
      throw new carpool.sim.Violation("answered twice", "question " + request + " of the peer");
    }
    asker.accept(leave);
  }

  @Override
  public void complete(int slot, Result result) {
    var answer = answers.remove(slot);
    if (answer == null) {
      throw new carpool.sim.Violation("answered twice", "slot " + slot + " of node " + name);
    }
    // The client may act at once, but not inside the core's step.
    int thisLife = life;
    world
        .time()
        .after(
            0,
            () -> {
              if (life == thisLife) {
                answer.accept(result);
              }
            });
  }

  @Override
  public void release(int slot) {
    freeClientSlots.add(slot);
  }

  @Override
  public void roleDecided(long request, Verdict verdict) {
    var answer = roleAnswers.remove(request);
    if (answer != null) {
      world.time().after(0, () -> answer.accept(verdict));
    }
  }

  @Override
  public void fenced(String reason) {
    log(() -> "fenced: " + reason);
    fencedSeen = true;
  }

  @Override
  public void report(Notice notice) {
    log(() -> "reports " + notice + ": " + core);
    var c = core;
    if (c != null && rotten == 0 && !world.diskTrouble() && c.syncProgress().foundBytes() > 0) {
      throw new carpool.sim.Violation("verify", "a false difference: " + c.syncProgress());
    }
  }

  private void log(Supplier<String> what) {
    if (world.transcript().kept()) {
      world.transcript().add(name, what.get());
    }
  }
}
