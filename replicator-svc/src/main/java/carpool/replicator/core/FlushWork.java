package carpool.replicator.core;

import carpool.replicator.core.Effects.Result;
import carpool.replicator.core.FlushRounds.Waiter;
import java.util.ArrayList;
import java.util.List;

/// Flushes of both copies and what follows from them.
final class FlushWork {
  private static final int BACKGROUND_FLUSH_TICKS = 5;

  /// Done but for the generation, which is not durable yet.
  private final List<Waiter> waitForAlone = new ArrayList<>();

  /// Done, but nothing is answered before the peer was asked ([Doubt]).
  private final List<Waiter> waitForPeersWord = new ArrayList<>();

  private int unflushedTicks;

  private final ReplicationCore core;
  private final CoreState state;

  FlushWork(ReplicationCore core) {
    this.core = core;
    state = core.state;
  }

  /// A client flushes. Answered by `complete` and `release`.
  void clientFlush(int slot) {
    if (core.roles.refused(slot)) {
      return;
    }
    state.flushes.add(new Waiter.ClientFlush(slot));
    pumpFlush();
  }

  /// Answer to `flushLocal`.
  void localFlushed(long flushId, boolean ok) {
    Check.invariant(state.flushes.isCurrent(flushId), "flush not under way");
    if (!ok) {
      core.loss.diskFailed("a flush of the local disk failed");
    }
    state.flushes.localDone(ok);
    endFlushRound();
  }

  void pumpFlush() {
    if (state.disk == DiskState.FAILED) {
      if (state.flushes.due() && state.soleCopy == SoleCopy.CONFIRMED) {
        long id = state.flushes.start(true, false);
        state.flushes.localDone(true);
        state.effects.sendFlush(state.session, id);
      }
      return;
    }
    if (state.flushes.due()) {
      boolean withPeer = state.phase.peerTakesWrites();
      state.differences.flushStarts();
      long id = state.flushes.start(withPeer, withPeer && nothingUnderWay());
      if (withPeer) {
        state.effects.sendFlush(state.session, id);
      }
      state.effects.flushLocal(id);
    }
  }

  /// No write of a client is under way to the local disk.
  private boolean nothingUnderWay() {
    var held = state.ranges.held();
    for (int i = 0; i < held.size(); i++) {
      if (held.get(i).localPending) {
        return false;
      }
    }
    return true;
  }

  /// The peer's answer to `sendFlush`.
  void peerFlushed(long fromSession, long flushId, boolean ok) {
    if (fromSession != state.session || !state.flushes.isCurrent(flushId)) {
      return;
    }
    if (!ok) {
      state.effects.closeSession(state.session, "a flush failed on the peer");
      return;
    }
    state.flushes.remoteDone();
    endFlushRound();
  }

  void endFlushRound() {
    if (!state.flushes.ended()) {
      return;
    }
    boolean coveredPeer = state.flushes.coveredPeer();
    if (!state.flushes.localOk()) {
      // What a failed fsync left is unknown. Who waited is answered by the peer's disk, or with the
      // others when this node gives up.
      var waiters = state.flushes.end();
      waiters.forEach(state.flushes::add);
      pumpFlush();
      core.roles.continueDemotion();
      return;
    }
    if (coveredPeer) {
      state.differences.flushEnded();
    }
    for (var waiter : state.flushes.end()) {
      if (coveredPeer && waiter instanceof Waiter.Confirmation(long forSession, long pause)) {
        core.doubt.confirmed(forSession, pause);
        continue;
      }
      if (!coveredPeer && promisesMore(waiter)) {
        if (state.phase.peerTakesWrites() && !state.identity.alone()) {
          // The nodes have met again meanwhile: the next round covers the peer.
          state.flushes.add(waiter);
          continue;
        }
        core.alone.want();
        if (!state.aloneReady()) {
          waitForAlone.add(waiter);
          continue;
        }
      }
      flushed(waiter);
    }
    pumpFlush();
    core.roles.continueDemotion();
  }

  /// The generation under which this node goes on alone is durable.
  void aloneDurable() {
    var waiters = List.copyOf(waitForAlone);
    waitForAlone.clear();
    waiters.forEach(this::flushed);
  }

  /// The generation that some wait for is over: they are answered by a flush of both copies.
  void aloneEnds() {
    waitForAlone.forEach(state.flushes::add);
    waitForAlone.clear();
  }

  /// True when a flush is wanted, under way, or not answered.
  boolean busy() {
    return !waitForAlone.isEmpty()
        || !waitForPeersWord.isEmpty()
        || state.flushes.running()
        || state.flushes.due();
  }

  /// Answers every client that waits with an error. The end of a synchronisation goes on waiting:
  /// nobody would ask for its flush again.
  void failAll() {
    for (var waiter : state.flushes.abandon()) {
      if (waiter instanceof Waiter.SyncEnd(long forSession)
          && forSession == state.session
          && state.phase == Phase.SOURCE_FLUSHING
          && state.disk != DiskState.FAILED) {
        state.flushes.add(waiter);
      } else {
        failFlush(waiter);
      }
    }
    for (var waiter : waitForAlone) {
      failFlush(waiter);
    }
    waitForAlone.clear();
    waitForPeersWord.forEach(this::failFlush);
    waitForPeersWord.clear();
    pumpFlush();
  }

  /// The peer's word is there: who waited for it only is answered.
  void answerHeld() {
    var waiters = List.copyOf(waitForPeersWord);
    waitForPeersWord.clear();
    waiters.forEach(this::flushed);
  }

  private void failFlush(Waiter waiter) {
    switch (waiter) {
      case Waiter.ClientFlush(int slot) -> {
        state.effects.complete(slot, Result.IO_ERROR);
        state.effects.release(slot);
      }
      case Waiter.ForcedWrite(int slot) ->
          core.writes.finishWrite(state.ops[slot]); // answered with the writes
      case Waiter.SyncEnd _,
          Waiter.Adoption _,
          Waiter.Demotion _,
          Waiter.Confirmation _,
          Waiter.Background _ -> {}
    }
  }

  /// A second has passed.
  void tick() {
    unflushedTicks = state.differences.hasUnflushed() ? unflushedTicks + 1 : 0;
    if (unflushedTicks >= BACKGROUND_FLUSH_TICKS
        && state.phase.peerTakesWrites()
        && !state.flushes.running()) {
      unflushedTicks = 0;
      state.flushes.add(new Waiter.Background());
      pumpFlush();
    }
  }

  private static boolean forClient(Waiter waiter) {
    return waiter instanceof Waiter.ClientFlush
        || waiter instanceof Waiter.ForcedWrite
        || waiter instanceof Waiter.Demotion;
  }

  /// True when a flush of this copy alone is more than the peer can keep. A role that is given up
  /// to the peer is not recorded as gone on alone: what clients were told the peer has, too.
  private boolean promisesMore(Waiter waiter) {
    if (waiter instanceof Waiter.Demotion && !core.alone.mayAsk()) {
      return false;
    }
    return forClient(waiter)
        && (!state.differences.different().isEmpty()
            || (state.peerMayLack && !(waiter instanceof Waiter.Demotion)));
  }

  void flushed(Waiter waiter) {
    if (core.doubt.holdsAnswers() && forClient(waiter)) {
      waitForPeersWord.add(waiter);
      return;
    }
    switch (waiter) {
      case Waiter.ClientFlush(int slot) -> {
        if (!state.fenced) {
          state.answerOk(slot);
          state.effects.release(slot);
        } else {
          waitForAlone.add(waiter);
        }
      }
      case Waiter.ForcedWrite(int slot) -> {
        if (!state.fenced) {
          state.ops[slot].answered = true;
          state.answerOk(slot);
          core.writes.finishWrite(state.ops[slot]);
        } else {
          waitForAlone.add(waiter);
        }
      }
      case Waiter.SyncEnd(long forSession) -> {
        if (forSession == state.session && state.phase == Phase.SOURCE_FLUSHING) {
          core.source.syncFlushed();
        }
      }
      case Waiter.Adoption(long forSession, Identity adopted) -> {
        if (forSession == state.session && state.phase == Phase.ADOPTING) {
          state.identity = adopted;
          state.aloneDurable = false;
          state.disk = DiskState.UP_TO_DATE;
          state.yields = false;
          state.splitBrain = false;
          state.differences.different().clear();
          core.records.writeMetadata(Then.ADOPTED, 0);
        }
      }
      case Waiter.Demotion() -> {
        core.roles.demotionFlushed();
      }
      case Waiter.Confirmation _, Waiter.Background _ -> {}
    }
  }
}
