package carpool.sim.engine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A machine: its disk, what the kernel has still to do for processes, and how the disk behaves.
final class SimMachine {
  /// What a disk that is going to pieces refuses until its machine is started again.
  enum Trouble {
    NONE,
    /// Flushes.
    FLUSHES,
    /// Everything but reads.
    WRITES,
    /// Everything.
    ALL,
    /// Everything, for good: the disk has to be replaced.
    DEAD
  }

  /// One call that fails, and no other.
  enum Once {
    READ,
    WRITE,
    FLUSH
  }

  /// A call that the kernel carries out.
  static final class Pending {
    final SimProcess process;
    private final Runnable action;
    private boolean done;

    Pending(SimProcess process, Runnable action) {
      this.process = process;
      this.action = action;
    }
  }

  private final EngineWorld world;
  private SimDisk disk;
  private Trouble trouble = Trouble.NONE;
  private boolean full;
  private @Nullable Once once;
  private boolean slow;
  private boolean hangs;

  /// How many more calls hang; the others go on.
  private int hangsCalls;

  private final List<Pending> pending = new ArrayList<>();
  private final List<Pending> hanging = new ArrayList<>();
  private @Nullable SimProcess lockOwner;
  private int lockDescriptor;

  /// What `PrimaryMarker` keeps in the runtime directory: the last sign of life of a process that
  /// is primary, microseconds; -1 when there is none. Outlives the process and not the machine.
  private long primarySince = -1;

  SimMachine(EngineWorld world, SimDisk disk) {
    this.world = world;
    this.disk = disk;
  }

  SimDisk disk() {
    return disk;
  }

  void replaceDisk(SimDisk fresh) {
    disk = fresh;
    mend();
  }

  Trouble trouble() {
    return trouble;
  }

  void trouble(Trouble now) {
    trouble = now;
  }

  boolean full() {
    return full;
  }

  void full(boolean now) {
    full = now;
  }

  boolean slow() {
    return slow;
  }

  void slow(boolean now) {
    slow = now;
  }

  void failOnce(Once what) {
    once = what;
  }

  void failNone() {
    once = null;
  }

  boolean failsOnce(Once what) {
    if (once == what) {
      once = null;
      return true;
    }
    return false;
  }

  /// Whatever was wrong is not any more; what is lost stays lost.
  void mend() {
    trouble = Trouble.NONE;
    full = false;
    once = null;
    disk.makeReadable();
  }

  // ----- the word for a successor

  long primarySince() {
    return primarySince;
  }

  void rememberPrimary(long nowMicros) {
    primarySince = nowMicros;
  }

  void forgetPrimary() {
    primarySince = -1;
  }

  // ----- calls under way

  /// From now on no call comes back.
  void hang() {
    hangs = true;
  }

  /// So many calls do not come back.
  void hang(int calls) {
    hangsCalls = calls;
  }

  boolean hangs() {
    return hangs || hangsCalls > 0;
  }

  /// True when calls hang now.
  boolean anyHangs() {
    return hangs || !hanging.isEmpty();
  }

  void unhang() {
    hangs = false;
    hangsCalls = 0;
    var calls = List.copyOf(hanging);
    hanging.clear();
    calls.forEach(this::perform);
  }

  Pending begin(SimProcess process, Runnable action) {
    var call = new Pending(process, action);
    pending.add(call);
    return call;
  }

  void perform(Pending call) {
    if (call.done || !pending.contains(call)) {
      return;
    }
    if (hangs || hangsCalls > 0) {
      hangsCalls = Math.max(0, hangsCalls - 1);
      hanging.add(call);
      return;
    }
    call.done = true;
    call.action.run();
    if (!call.process.alive()) {
      returned(call);
    }
  }

  void returned(Pending call) {
    pending.remove(call);
    exitIfDone(call.process);
  }

  // ----- the exclusive lock

  boolean lock(SimProcess process, int descriptor) {
    if (lockOwner != null) {
      return false;
    }
    lockOwner = process;
    lockDescriptor = descriptor;
    return true;
  }

  void unlock(SimProcess process, int descriptor) {
    if (process.equals(lockOwner) && lockDescriptor == descriptor) {
      lockOwner = null;
    }
  }

  // ----- ends

  /// kill -9: a process that is in a call ends when that is over.
  void killed(SimProcess process) {
    pending.removeIf(call -> call.done && call.process.equals(process));
    exitIfDone(process);
  }

  private void exitIfDone(SimProcess process) {
    if (!process.alive()
        && process.equals(lockOwner)
        && pending.stream().noneMatch(call -> call.process.equals(process))) {
      lockOwner = null;
    }
  }

  /// A call that was under way is carried out or not.
  void powerCut(long bigSectorsBefore) {
    for (var call : List.copyOf(pending)) {
      if (!call.done && world.time().chance(1, 2)) {
        call.done = true;
        call.action.run();
      }
    }
    pending.clear();
    hanging.clear();
    hangs = false;
    hangsCalls = 0;
    lockOwner = null;
    primarySince = -1;
    disk.powerCut(world.time().random(), bigSectorsBefore);
  }
}
