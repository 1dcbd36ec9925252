package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.IO_ERROR;
import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import carpool.replicator.core.PromotionRule.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// A primary asks its peer before it goes on alone (docs/replication-protocol.md, "Going on
/// alone").
final class GoingAloneTest {
  private static final Identity BEFORE = identity(10);
  private static final Identity ON_ITS_OWN = BEFORE.goOnAlone(11);
  private static final Identity OTHER_BRANCH = BEFORE.goOnAlone(12);

  private static Identity identity(long generation) {
    return new Identity(7, 1, 1, generation, false, List.of(5L));
  }

  private static Identity named(String name) {
    return switch (name) {
      case "same" -> BEFORE;
      case "newer" -> ON_ITS_OWN;
      case "branch" -> OTHER_BRANCH;
      default -> throw new IllegalArgumentException(name);
    };
  }

  @ParameterizedTest(name = "{0} {1} serves={2} {3} {4}, asked by {5} {6} with {7}: {8}")
  @CsvSource({
    "b, 0,   false, UP_TO_DATE,   same,   a, 9, same,   GRANTED",
    "b, 0,   false, CONSISTENT,   same,   a, 9, same,   GRANTED",
    "b, 0,   false, OUTDATED,     same,   a, 9, newer,  GRANTED",
    "b, 0,   false, INCONSISTENT, same,   a, 9, same,   UNRELATED",
    "b, 0,   false, FAILED,       same,   a, 9, same,   UNRELATED",
    "b, 3,   true,  UP_TO_DATE,   same,   a, 9, same,   PRIMARY", // promoted later: it goes on
    "a, 900, true,  UP_TO_DATE,   same,   b, 3, same,   GRANTED",
    "a, 3,   true,  UP_TO_DATE,   same,   b, 3, same,   PRIMARY",
    "b, 3,   true,  UP_TO_DATE,   same,   a, 3, same,   GRANTED",
    "b, 3,   true,  UP_TO_DATE,   newer,  a, 9, same,   NEWER",
    "b, 0,   false, UP_TO_DATE,   newer,  a, 9, same,   NEWER",
    "b, 3,   true,  UP_TO_DATE,   same,   a, 9, newer,  GRANTED",
    "b, 3,   true,  UP_TO_DATE,   branch, a, 9, newer,  UNRELATED",
    "b, 0,   false, UP_TO_DATE,   branch, a, 2147483647, newer,  UNRELATED", // to be promoted
    "b, 3,   true,  UP_TO_DATE,   branch, a, 2147483647, newer,  PRIMARY",
    "b, 3,   true,  UP_TO_DATE,   newer,  a, 2147483647, same,   NEWER",
    "b, 3,   true,  UP_TO_DATE,   same,   a, 2147483647, same,   PRIMARY",
    "b, 3,   true,  UP_TO_DATE,   same,   a, 2147483647, newer,  GRANTED",
  })
  void askedNodeAnswersFromWhatBothHold(
      String asked,
      int askedTicks,
      boolean serves,
      DiskState disk,
      String has,
      String asker,
      int askerTicks,
      String askerHas,
      Leave leave) {
    assertEquals(
        leave,
        Leave.judge(
            new Tenure(asked, askedTicks),
            serves,
            disk,
            named(has),
            new Tenure(asker, askerTicks),
            named(askerHas)));
  }

  @ParameterizedTest
  @EnumSource(ReplicationMode.class)
  void peerThatCanBeReachedIsOutdatedBeforeTheWriteIsAnswered(ReplicationMode mode) {
    var pair = CorePair.inStep(mode);
    pair.reachable = true;
    pair.cut();

    int slot = pair.a.write(3, 33);
    while (!pair.a.answers.containsKey(slot) && pair.step()) {
      if (pair.a.answers.containsKey(slot)) {
        assertEquals(DiskState.OUTDATED, pair.b.core().disk());
        assertEquals(DiskState.OUTDATED, pair.b.storedDisk());
      }
    }

    assertEquals(OK, pair.a.answers.get(slot));
    assertEquals(Verdict.COPY_OUTDATED, pair.promote(pair.b));
    pair.connect();
    assertTrue(pair.a.core().complete());
    assertTrue(pair.equal());
    assertEquals(DiskState.UP_TO_DATE, pair.b.core().disk());
  }

  @Test
  void writeIsHeldUntilTheAnswerComes() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.reachable = true;
    pair.b.holdRecords();
    pair.cut();

    int slot = pair.a.write(3, 33);
    int flush = pair.a.flush();
    pair.settle();

    assertNull(pair.a.answers.get(slot));
    assertNull(pair.a.answers.get(flush));
    assertFalse(pair.a.core().identity().alone());
    pair.b.releaseRecords();
    pair.settle();
    assertEquals(OK, pair.a.answers.get(slot));
    assertEquals(OK, pair.a.answers.get(flush));
    assertEquals(1, pair.a.asked);
  }

  /// The node stood still, the other took over and has written: nothing of what waits here is
  /// answered, and there is no split brain.
  @Test
  void primaryWhosePeerTookOverAnswersNothingAndIsNoPartyToASplitBrain() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.cut();
    assertEquals(Verdict.ALLOWED, pair.promote(pair.b));
    int there = pair.b.write(4, 44);
    pair.settle();
    assertEquals(OK, pair.b.answers.get(there));

    pair.reachable = true;
    int here = pair.a.write(3, 33);
    pair.settle();

    assertNull(pair.a.answers.get(here));
    assertTrue(pair.a.core().fenced());
    pair.a.core().setRole(9000, Role.SECONDARY, false);
    pair.settle();
    assertEquals(IO_ERROR, pair.a.answers.get(here));
    assertEquals(Verdict.COPY_OUTDATED, pair.promote(pair.a));
    pair.connect();
    assertTrue(pair.b.core().complete());
    assertTrue(pair.equal());
    assertEquals(44, pair.a.data[4]);
    assertThat(pair.a.notices).doesNotContain(Effects.Notice.SPLIT_BRAIN);
  }

  /// Of a pool's disks one may be written and another not, when the node that stood still goes on:
  /// it has to lose all of them, or the pool would be torn.
  @Test
  void ofTwoPrimariesThatHaveNotWrittenTheOneThatTookOverGoesOn() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    for (int second = 0; second < 60; second++) {
      pair.a.core().tick();
    }
    pair.settle();
    pair.cut();
    assertEquals(Verdict.ALLOWED, pair.promote(pair.b));
    pair.b.core().tick();
    pair.reachable = true;

    int here = pair.a.write(3, 33);
    int there = pair.b.write(4, 44);
    pair.settle();

    assertNull(pair.a.answers.get(here));
    assertTrue(pair.a.core().fenced());
    assertEquals(OK, pair.b.answers.get(there));
  }

  /// The nodes meet again before the answer has come: what was held goes to the peer, and nobody
  /// goes on alone.
  @ParameterizedTest
  @EnumSource(ReplicationMode.class)
  void whatWasHeldGoesToThePeerWhenTheNodesMeetFirst(ReplicationMode mode) {
    var pair = CorePair.inStep(mode);
    long generation = pair.a.core().identity().generation();
    pair.reachable = true;
    pair.losesQuestions = true;
    pair.cut();
    int slot = pair.a.write(3, 33);
    int flush = pair.a.flush();
    pair.settle();
    assertNull(pair.a.answers.get(slot));
    assertNull(pair.a.answers.get(flush));

    pair.connect();

    assertEquals(OK, pair.a.answers.get(slot));
    assertEquals(OK, pair.a.answers.get(flush));
    assertEquals(generation, pair.a.core().identity().generation());
    assertTrue(pair.a.core().complete());
    assertTrue(pair.equal());
  }

  /// A flush that began while the nodes were apart and ends when the peer takes writes again is not
  /// forgotten; a write that waits for it holds its range, and the synchronisation waits for that
  /// (found by the simulator, seed 2012570).
  @Test
  void forcedWriteWhoseFlushOutlastsTheTimeApartIsAnswered() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.losesQuestions = true;
    pair.a.holdFlushes();
    int slot = pair.a.writeForced(3, 33);
    pair.settle();
    pair.cut();
    pair.settle();

    pair.connect();
    assertNull(pair.a.answers.get(slot));
    pair.a.releaseFlushes();
    pair.settle();

    assertEquals(OK, pair.a.answers.get(slot));
    assertTrue(pair.a.core().complete());
    assertTrue(pair.equal());
  }

  /// An answer that is later than the next session says nothing about the time after that.
  @Test
  void answerThatComesAfterTheNextSessionIsNotHeard() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.reachable = true;
    pair.losesQuestions = true;
    pair.cut();
    pair.a.write(3, 33);
    pair.settle();
    pair.connect();
    pair.cut();
    int slot = pair.a.write(5, 55);
    pair.settle();

    pair.a.core().leaveAnswered(1, Leave.UNREACHABLE);
    pair.settle();

    assertNull(pair.a.answers.get(slot));
    pair.a.core().leaveAnswered(2, Leave.UNREACHABLE);
    pair.settle();
    assertEquals(OK, pair.a.answers.get(slot));
  }

  /// The asked node has not noticed yet that the session is over.
  @Test
  void askedNodeEndsASessionThatTheAskerHasGivenUp() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.reachable = true;
    pair.cutAt(pair.a);

    int slot = pair.a.write(3, 33);
    pair.settle();

    assertEquals(OK, pair.a.answers.get(slot));
    assertEquals(Phase.APART, pair.b.core().phase());
    assertEquals(DiskState.OUTDATED, pair.b.storedDisk());
  }

  @Test
  void nodeThatGoesOnAloneAsksNobodyAgain() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.cut();
    int first = pair.a.write(1, 11);
    pair.settle();
    int second = pair.a.write(2, 22);
    pair.settle();
    assertEquals(OK, pair.a.answers.get(first));
    assertEquals(OK, pair.a.answers.get(second));
    assertEquals(1, pair.a.asked);
  }
}
