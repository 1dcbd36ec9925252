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

  @ParameterizedTest(name = "{0} serves={1} {2} {3}, asked by {4} with {5}: {6}")
  @CsvSource({
    "b, false, UP_TO_DATE,   same,   a, same,   GRANTED",
    "b, false, CONSISTENT,   same,   a, same,   GRANTED",
    "b, false, OUTDATED,     same,   a, newer,  GRANTED",
    "b, false, INCONSISTENT, same,   a, same,   UNRELATED",
    "b, false, FAILED,       same,   a, same,   UNRELATED",
    "b, true,  UP_TO_DATE,   same,   a, same,   GRANTED", // the higher name gives way
    "a, true,  UP_TO_DATE,   same,   b, same,   PRIMARY",
    "b, true,  UP_TO_DATE,   newer,  a, same,   NEWER",
    "b, false, UP_TO_DATE,   newer,  a, same,   NEWER",
    "b, true,  UP_TO_DATE,   same,   a, newer,  GRANTED",
    "b, true,  UP_TO_DATE,   branch, a, newer,  UNRELATED",
  })
  void askedNodeAnswersFromWhatBothHold(
      String asked,
      boolean serves,
      DiskState disk,
      String has,
      String asker,
      String askerHas,
      Leave leave) {
    assertEquals(leave, Leave.judge(asked, serves, disk, named(has), asker, named(askerHas)));
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

  @Test
  void ofTwoPrimariesThatHaveNotWrittenTheLowerNameGoesOn() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.cut();
    assertEquals(Verdict.ALLOWED, pair.promote(pair.b));
    pair.reachable = true;

    int there = pair.b.write(4, 44);
    int here = pair.a.write(3, 33);
    pair.settle();

    assertNull(pair.b.answers.get(there));
    assertTrue(pair.b.core().fenced());
    assertEquals(OK, pair.a.answers.get(here));
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
