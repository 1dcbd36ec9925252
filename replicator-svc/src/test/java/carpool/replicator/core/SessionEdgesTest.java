package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.IO_ERROR;
import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.PromotionRule.Verdict;
import org.junit.jupiter.api.Test;

/// What is known to differ, and to whom, while a session begins and when it breaks.
final class SessionEdgesTest {
  /// In step, everything flushed on both nodes; the first extent is marked.
  private static CorePair quiet(ReplicationMode mode) {
    var pair = CorePair.inStep(mode);
    pair.a.write(2, 20);
    pair.settle();
    pair.a.flush();
    pair.settle();
    assertThat(pair.a.core().differentBytes()).isZero();
    return pair;
  }

  @Test
  void writeThatOnlyThePeerHasTakenDiffersWhenItVanishes() {
    var pair = quiet(ReplicationMode.FULLSYNC);
    pair.a.hang();
    pair.a.write(3, 30);
    pair.settle();
    assertThat(pair.b.data[3]).isEqualTo(30);

    pair.cut();

    assertThat(pair.a.core().differentBytes()).isEqualTo(Differences.BLOCK_BYTES);
  }

  /// The client was told that its write is done, and the peer has it only in memory: no copy of the
  /// generation before may pass for as good.
  @Test
  void writeThatWasAnsweredFromThePeersMemoryBeginsAGenerationWhenItVanishes() {
    var pair = quiet(ReplicationMode.MEMSYNC);
    long generation = pair.a.core().identity().generation();
    pair.b.hang();
    int write = pair.a.write(3, 30);
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);

    pair.cut();
    pair.settle();

    assertThat(pair.a.stored().alone()).isTrue();
    assertThat(pair.a.stored().generation()).isNotEqualTo(generation);
  }

  /// It has heard that the peer has more, and nothing of it has come yet.
  @Test
  void targetIsOutdatedFromTheAgreementOn() {
    var pair = quiet(ReplicationMode.FULLSYNC);
    pair.cut();
    pair.a.write(3, 30);
    pair.settle();
    pair.b.deaf = true;
    pair.connect();
    assertThat(pair.b.core().phase()).isEqualTo(Phase.TARGET_AGREED);
    assertThat(pair.b.storedDisk()).isEqualTo(DiskState.OUTDATED);

    pair.cut();
    pair.settle();

    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.COPY_OUTDATED);
  }

  /// What it received before is on its disk before it passes for the source's equal.
  @Test
  void targetFlushesBeforeItTakesOverTheGeneration() {
    var pair = quiet(ReplicationMode.FULLSYNC);
    pair.cut();
    pair.settle();
    pair.b.holdFlushes();
    pair.connect();
    assertThat(pair.b.core().phase()).isEqualTo(Phase.ADOPTING);

    pair.b.releaseFlushes();
    pair.settle();
    assertThat(pair.b.core().phase()).isEqualTo(Phase.IN_STEP);
  }

  /// Or a crash of both would leave blocks that differ and that nobody knows of.
  @Test
  void targetForgetsItsMarksWhenTheSourcesAreDurable() {
    var pair = new CorePair(ReplicationMode.FULLSYNC);
    assertThat(pair.promote(pair.a)).isEqualTo(Verdict.ALLOWED);
    pair.a.hang();
    pair.connect();
    while (!pair.a.stored().alone()) {
      pair.a.unhangOne(); // the metadata; the activemap is behind them
      pair.settle();
    }
    assertThat(pair.a.core().phase()).isEqualTo(Phase.SOURCE_MARKING);

    pair.a.unhang();
    pair.settle();
    assertThat(pair.a.core().phase()).isEqualTo(Phase.IN_STEP);
  }

  /// A block that nobody has written apart is not copied.
  @Test
  void writeThatWaitsForTheTargetMakesItsBlockNotDiffer() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.write(3, 30); // on both, flushed on neither
    pair.settle();
    pair.cut();
    pair.b.holdArrivals();
    pair.connect();
    assertThat(pair.a.core().phase()).isEqualTo(Phase.SOURCE_ANNOUNCED);
    long before = pair.a.core().differentBytes();

    int write = pair.a.write(40, 90);
    pair.settle();
    assertThat(pair.a.core().differentBytes()).isEqualTo(before);

    pair.b.releaseArrivals();
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    assertThat(pair.equal()).isTrue();
  }

  /// The hello was sent before the pause, so its answer tells nothing of the time since.
  @Test
  void sessionThatWasBegunBeforeThePauseIsNoWordOfThePeer() {
    var pair = quiet(ReplicationMode.FULLSYNC);
    pair.cut();
    pair.settle();
    pair.losesQuestions = true;
    pair.connectWithoutSteps();
    pair.a.core().stoodStill();
    pair.b.holdFlushes();
    int read = pair.a.read(3);
    pair.settle();
    assertThat(pair.a.core().phase().agreed()).isTrue();
    assertThat(pair.a.answers).doesNotContainKey(read);
  }

  /// What an operator orders then is not forgotten: the end of the flush is not that of the
  /// copying.
  @Test
  void orderToCopyAllThatComesDuringTheLastFlushIsObeyed() {
    var pair = quiet(ReplicationMode.FULLSYNC);
    pair.cut();
    pair.a.write(3, 31);
    pair.settle();
    pair.b.holdFlushes();
    pair.connect();
    assertThat(pair.a.core().phase()).isEqualTo(Phase.SOURCE_FLUSHING);
    assertThat(pair.a.core().orderSync(true, 0)).isEqualTo(SyncVerdict.ALLOWED);

    pair.b.releaseFlushes();
    while (pair.a.core().phase() == Phase.SOURCE_FLUSHING) {
      assertThat(pair.step()).isTrue();
    }

    assertThat(pair.a.core().phase()).isEqualTo(Phase.COPYING);
    pair.settle();
    assertThat(pair.a.core().complete()).isTrue();
  }

  /// The agreement is about what the hellos say.
  @Test
  void nodeThatWasPromotedAfterItsHelloDoesNotMeetAsSecondary() {
    var pair = quiet(ReplicationMode.FULLSYNC);
    pair.a.core().setRole(77, Role.SECONDARY, false);
    pair.settle();
    pair.cut();
    pair.a.core().setRole(78, Role.PRIMARY, false);
    pair.connectWithoutSteps();
    pair.settle();

    assertThat(pair.a.core().role()).isEqualTo(Role.PRIMARY);
    assertThat(pair.session()).isZero();
  }

  /// R6: what is older there is no answer.
  @Test
  void blockThatDiffersIsNotReadFromThePeer() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.write(3, 30);
    pair.settle();
    pair.a.flush();
    pair.settle();
    pair.cut();
    pair.a.write(3, 31);
    pair.settle();
    pair.a.unreadable.add(3);
    pair.connect();
    assertThat(pair.a.core().phase().peerTakesWrites()).isTrue();

    int read = pair.a.read(3);
    pair.settle();

    assertThat(pair.a.answers.get(read)).isEqualTo(IO_ERROR);
  }

  /// The question of the session before goes out with a flush of this one, before the pause, and
  /// the answer comes after it. The peer took over meanwhile.
  @Test
  void answerToAQuestionOfAnEarlierSessionIsNoWordOfThePeer() {
    var pair = quiet(ReplicationMode.FULLSYNC);
    pair.a.holdFlushes();
    pair.a.flush();
    pair.settle();
    pair.losesQuestions = true;
    pair.a.core().stoodStill(); // asks with the next flush
    pair.cut();
    pair.connect();
    assertThat(pair.a.core().phase()).isEqualTo(Phase.IN_STEP);
    pair.a.holdArrivals();
    pair.a.releaseFlushes();
    pair.settle();
    pair.cutAt(pair.b);
    pair.losesQuestions = false;
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.ALLOWED);

    pair.a.core().stoodStill();
    int read = pair.a.read(3);
    pair.a.releaseArrivals();
    pair.settle();

    assertThat(pair.a.answers).doesNotContainKey(read);
  }

  /// R3 names what the peer has not flushed; clients that never flush leave that to this node.
  @Test
  void whatThePeerHasNotFlushedIsFlushedAfterAWhile() {
    var pair = quiet(ReplicationMode.FULLSYNC);
    pair.a.write(3, 30);
    pair.settle();
    int before = pair.b.forPeer;

    pair.ticks(6);

    assertThat(pair.b.forPeer).isGreaterThan(before);
    pair.cut();
    assertThat(pair.a.core().differentBytes()).isZero();
  }

  /// Whatever it counted as different before, and whatever else the source has said.
  @Test
  void nothingDiffersOnATargetThatIsInStep() {
    var pair = quiet(ReplicationMode.FULLSYNC);
    pair.a.core().setRole(77, Role.SECONDARY, false);
    pair.settle();
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.ALLOWED);
    pair.b.write(3, 30);
    pair.settle();
    pair.b.flush();
    pair.settle();
    pair.b.kill();
    pair.b.start();
    assertThat(pair.b.core().differentBytes()).isPositive();
    assertThat(pair.promote(pair.a)).isEqualTo(Verdict.ALLOWED);
    pair.b.deaf = true;
    pair.connect();
    assertThat(pair.b.core().phase()).isEqualTo(Phase.TARGET_AGREED);

    pair.b
        .core()
        .message(pair.session(), new PeerMessage.InStep(pair.a.core().identity().asSeenByTarget()));
    while (pair.b.core().phase() != Phase.IN_STEP) {
      assertThat(pair.step()).isTrue();
    }

    assertThat(pair.b.core().differentBytes()).isZero();
  }

  /// A hello was on its way while its sender was promoted, wrote, and gave up: what it said of the
  /// blocks is no longer all, though role, generation and worth are what they were.
  @Test
  void helloThatNoLongerNamesEveryBlockThatDiffersBeginsNoSession() {
    var pair = quiet(ReplicationMode.FULLSYNC);
    pair.cut();
    pair.a.write(3, 30); // a cannot ask, and begins a generation
    pair.settle();
    long session = pair.session() + 1_000;
    var fromA = pair.a.core().openSession(session);
    pair.b.core().openSession(session);

    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.ALLOWED);
    pair.reachable = true;
    pair.b.write(40, 90); // on its disk, and not answered: the peer's copy is newer
    pair.settle();
    assertThat(pair.b.core().fenced()).isTrue();
    pair.b.core().setRole(1_000, Role.SECONDARY, false);
    pair.settle();
    pair.b.core().connected(session, fromA);
    assertThat(pair.b.core().phase()).isEqualTo(Phase.NEGOTIATING);

    pair.a.core().disconnected(session);
    pair.b.core().disconnected(session);
    pair.connect();
    assertThat(pair.b.core().phase()).isEqualTo(Phase.IN_STEP);
    assertThat(pair.equal()).isTrue();
  }

  /// It was primary when it crashed, and has served nobody since it came back. What the other one
  /// was then told by its clients is there when the processes of both end.
  @Test
  void crashedPrimaryThatThenWasSecondaryIsTheCrashedSecondary() {
    var pair = quiet(ReplicationMode.MEMSYNC);
    pair.a.kill();
    pair.b.kill();
    pair.a.start();
    pair.b.start();
    pair.connect(); // what a may have written alone goes to b, and neither is primary
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.ALLOWED);
    pair.a.hang();
    int write = pair.b.write(3, 30); // the peer has it in memory only
    pair.settle();
    assertThat(pair.b.answers.get(write)).isEqualTo(OK);

    pair.a.kill();
    pair.b.kill();
    pair.a.revive();
    pair.a.start();
    pair.b.start();
    pair.connect();
    assertThat(pair.promote(pair.a)).isEqualTo(Verdict.ALLOWED);
    assertThat(pair.a.data[3]).isEqualTo(30);
  }
}
