package carpool.replicator.core;

import carpool.replicator.core.Op.Kind;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// What one core knows. Owned by [ReplicationCore], changed by the parts that it consists of and by
/// nobody else.
final class CoreState {
  final ReplicationCore.Settings settings;
  ReplicationMode mode;
  final Effects effects;
  final LongSupplier ids;
  final Op[] ops;
  final RangeLocks ranges = new RangeLocks();
  final Activemap map;
  final Differences differences;
  final FlushRounds flushes = new FlushRounds();
  Role role = Role.INIT;

  /// Ticks since the promotion; 0 when this node is not primary.
  int primaryTicks;

  /// This node was primary when the metadata was last written.
  final boolean wasPrimary;

  /// This process takes the place of a primary that ended a moment ago.
  boolean resumes;

  /// This primary was promoted without its peer, which may have lost what it had not flushed, and
  /// has not met it since: a flush of this copy alone is worth nothing under the same generation.
  boolean peerMayLack;

  DiskState disk;
  Identity identity;

  /// The identity with `alone` set is on the disk.
  boolean aloneDurable;

  /// Whether this node serves from the peer's copy because its own disk failed.
  SoleCopy soleCopy = SoleCopy.NONE;

  /// This primary answers nothing any more.
  boolean fenced;

  /// The peer said that its copy is newer, and the two have not agreed since.
  boolean peerNewer;

  /// Clients get errors.
  boolean cutOff;

  /// The operator named the peer as survivor.
  boolean yields;

  /// The witness says that no copy is newer than this one; for the next promotion only.
  boolean vouched;

  boolean splitBrain;
  Phase phase = Phase.APART;

  /// The present session, or 0.
  long session;

  @Nullable Hello peerHello;
  Role peerRole = Role.INIT;
  DiskState peerDisk = DiskState.DISKLESS;

  /// @param ids random numbers, never 0
  CoreState(
      ReplicationCore.Settings settings,
      ReplicationCore.Found found,
      LongSupplier ids,
      Effects effects) {
    this.settings = settings;
    this.effects = effects;
    this.ids = ids;
    mode = settings.mode();
    ops = new Op[settings.clientSlots() + settings.syncSlots() + settings.peerSlots()];
    for (int i = 0; i < ops.length; i++) {
      ops[i] = new Op(i);
    }
    map =
        new Activemap(
            settings.dataSizeBytes(), settings.extentSizeBytes(), settings.hotExtentsMax());
    map.load(found.map());
    differences = new Differences(settings.dataSizeBytes());
    markExtentsDifferent(found.map());
    wasPrimary = found.prevRole() == Role.PRIMARY;
    disk = found.disk() == DiskState.UP_TO_DATE ? DiskState.CONSISTENT : found.disk();
    identity = found.identity().ofHast(settings.nodeName().compareTo(settings.peerName()) < 0);
    aloneDurable = identity.alone();
  }

  /// The only change of the phase.
  ///
  /// @throws Check.Broken when the phase cannot follow the present one ([Phase#mayBecome])
  void become(Phase next) {
    Check.invariant(phase.mayBecome(next), "an illegal change of phase");
    phase = next;
  }

  /// The only good answer to a client: a primary that is fenced gives none (R5).
  void answerOk(int slot) {
    Check.invariant(role == Role.PRIMARY && !fenced, "a good answer of a node that must not serve");
    effects.complete(slot, Effects.Result.OK);
  }

  /// A new generation: random, and none that stands for HAST's counters.
  long freshGeneration() {
    long fresh = ids.getAsLong();
    while (HastGenerations.isHast(fresh) || HastGenerations.isHast(~fresh)) {
      fresh = ids.getAsLong();
    }
    return fresh;
  }

  private void markExtentsDifferent(BlockSet extents) {
    for (long extent = extents.next(0); extent >= 0; ) {
      long endExtent = extents.runEnd(extent, extents.size());
      long start = extent * settings.extentSizeBytes();
      long end = Math.min(endExtent * settings.extentSizeBytes(), settings.dataSizeBytes());
      differences.markDifferent(start, end - start);
      extent = extents.next(endExtent);
    }
  }

  /// For so many ticks this primary's claim stays what it was when it was told last.
  private static final int CLAIM_TICKS = 10;

  private int claimed;
  private int claimedAt = -1;

  /// This primary's claim in a question to another or in the answer to one. Two questions that
  /// cross are judged by the same two claims, or both nodes could be fenced.
  Tenure claim() {
    if (claimedAt < 0 || primaryTicks < claimedAt || primaryTicks - claimedAt > CLAIM_TICKS) {
      claimed = primaryTicks;
      claimedAt = primaryTicks;
    }
    return new Tenure(settings.nodeName(), claimed);
  }

  /// This primary's claim against another.
  Tenure tenure() {
    return new Tenure(settings.nodeName(), primaryTicks);
  }

  /// Requests of the peer are being carried out here.
  boolean peerRequestsActive() {
    for (int i = settings.clientSlots() + settings.syncSlots(); i < ops.length; i++) {
      if (ops[i].kind != Kind.FREE) {
        return true;
      }
    }
    return false;
  }

  /// What the peer is told of this copy.
  DiskState toldDisk() {
    return resumes && disk == DiskState.CONSISTENT ? DiskState.UP_TO_DATE : disk;
  }

  /// This copy went on without the peer and that is on the disk: writes need no peer.
  boolean aloneReady() {
    return identity.alone() && aloneDurable;
  }
}
