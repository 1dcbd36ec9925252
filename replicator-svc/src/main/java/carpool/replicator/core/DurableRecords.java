package carpool.replicator.core;

import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.PromotionRule.Verdict;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;

/// What this node puts on its disk about its copy: metadata and activemap.
final class DurableRecords {
  private final ArrayDeque<MetadataWrite> metadataWrites = new ArrayDeque<>();
  private long lastToken;

  /// What the disk says of the role, as far as that is known.
  private Role recordedRole;

  private record MetadataWrite(
      long token, Then then, long forSession, long request, Identity identity, Role role) {}

  private final ReplicationCore core;
  private final CoreState state;

  DurableRecords(ReplicationCore core) {
    this.core = core;
    state = core.state;
    recordedRole = state.wasPrimary ? Role.PRIMARY : Role.SECONDARY;
  }

  /// After a crash this node would pass for the last primary.
  boolean passesForPrimary() {
    return recordedRole == Role.PRIMARY;
  }

  /// Answer to `writeMap`.
  void mapWritten(long token, boolean ok) {
    if (!ok) {
      core.loss.diskFailed("the activemap cannot be written");
      return;
    }
    state.map.written(token);
    core.writes.mapWritten();
    pumpMap();
    if (state.phase == Phase.SOURCE_MARKING) {
      core.source.sourceMarked();
    }
    core.loss.confirmSoleCopy();
  }

  void pumpMap() {
    if (state.map.writeDue() && state.disk != DiskState.FAILED) {
      state.map.clean(needed(), false);
      var parts = new ArrayList<Effects.MapPart>();
      long token =
          state.map.startWrite(
              (offset, image) -> parts.add(new Effects.MapPart(offset, ByteBuffer.wrap(image))));
      state.effects.writeMap(token, parts);
    }
  }

  /// Which marks must stay, as things are now.
  NeededExtents needed() {
    return new NeededExtents(state);
  }

  void writeMetadata(Then then, long request) {
    writeMetadata(then, request, state.disk);
  }

  void writeMetadata(Then then, long request, DiskState recorded) {
    long token = ++lastToken;
    metadataWrites.addLast(
        new MetadataWrite(token, then, state.session, request, state.identity, state.role));
    state.effects.writeMetadata(token, state.role, recorded, state.identity);
  }

  /// Answer to `writeMetadata`.
  void metadataWritten(long token, boolean ok) {
    var write = metadataWrites.removeFirst();
    Check.invariant(write.token == token, "metadata writes out of order");
    if (!ok) {
      metadataFailed(write);
      return;
    }
    recordedRole = write.role;
    // What counts is what this write recorded: a newer identity may wait behind it.
    state.aloneDurable =
        state.identity.alone()
            && write.identity.alone()
            && write.identity.generation() == state.identity.generation();
    boolean sameSession = write.forSession == state.session;
    switch (write.then) {
      case NOTHING -> {}
      case ALONE -> {
        afterAlone();
      }
      case TARGET_MARKED -> {
        if (sameSession && state.phase == Phase.TARGET_MARKING) {
          state.become(Phase.RECEIVING);
          state.effects.send(state.session, new PeerMessage.SyncReady());
        }
      }
      case ADOPTED -> {
        if (sameSession && state.phase == Phase.ADOPTING) {
          state.become(Phase.IN_STEP);
          state.effects.send(state.session, new PeerMessage.InStepDone());
          state.effects.report(Notice.SYNC_DONE);
          core.roles.met();
        }
      }
      case NOT_ALONE -> {
        if (sameSession
            && (state.phase == Phase.SOURCE_RECORDING
                || state.phase == Phase.SOURCE_RECORDING_CLEAN)) {
          core.source.offer();
        }
      }
      case PROMOTED -> core.roles.promoted(write.request);
      case DEMOTED -> core.roles.demoted(write.request);
      case SOLE_COPY -> {
        core.loss.confirmSoleCopy();
      }
      case LEAVE_GIVEN -> core.alone.recorded(write.request, /* ok= */ true);
      case PROMOTION_GRANTED -> {
        if (sameSession && state.phase.agreed() && state.peerRole == Role.PRIMARY) {
          core.roles.grantPromotion(); // unless it was withdrawn meanwhile
        }
      }
    }
  }

  private void metadataFailed(MetadataWrite write) {
    if (write.then == Then.PROMOTED) {
      core.fencing.failAll(); // who came before the role was durable
      state.role = Role.SECONDARY;
      state.fenced = false;
    }
    core.loss.diskFailed("the metadata cannot be written");
    switch (write.then) {
      case PROMOTED -> state.effects.roleDecided(write.request, Verdict.DISK_UNUSABLE);
      case DEMOTED -> core.roles.demoted(write.request);
      case LEAVE_GIVEN -> core.alone.recorded(write.request, /* ok= */ false);
      // Of a failed disk the session ends.
      case NOTHING, ALONE, TARGET_MARKED, ADOPTED, NOT_ALONE, SOLE_COPY, PROMOTION_GRANTED -> {}
    }
  }

  /// The new generation is durable: what waited for it may be answered.
  void afterAlone() {
    if (!state.aloneReady()) {
      return;
    }
    core.writes.aloneDurable();
    core.flushing.aloneDurable();
    if (state.phase == Phase.SOURCE_MARKING) {
      core.source.sourceMarked();
    }
    core.roles.continueDemotion();
  }

  void markDifferencesInMap() {
    var different = state.differences.different();
    for (long block = different.next(0); block >= 0; ) {
      long end = different.runEnd(block, different.size());
      long start = state.differences.startOf(block);
      state.map.mark(start, state.differences.endOf(end) - start);
      block = different.next(end);
    }
    pumpMap();
  }
}
