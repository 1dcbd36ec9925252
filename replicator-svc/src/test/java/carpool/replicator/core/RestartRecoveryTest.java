package carpool.replicator.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.RestartRecovery.Move;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RestartRecoveryTest {
  private static final long NOW = closeToTheEnd();
  private static final long SECOND = 1_000_000_000L;

  /// `System.nanoTime` may wrap.
  private static long closeToTheEnd() {
    return Long.MAX_VALUE - 5_000_000_000L;
  }

  private final RestartRecovery recovery = new RestartRecovery(30 * SECOND);

  @Test
  void nothingIsTriedWithoutAPredecessorOrAfterTheHold() {
    assertEquals(Move.NONE, recovery.look(Verdict.ALLOWED, NOW));

    assertFalse(recovery.start(30 * SECOND, NOW));
    assertEquals(Move.NONE, recovery.look(Verdict.ALLOWED, NOW));
  }

  @Test
  void theRoleIsTakenAsSoonAsThatIsAllowed() {
    assertTrue(recovery.start(SECOND, NOW));

    assertEquals(Move.WAIT, recovery.look(Verdict.CURRENCY_UNKNOWN, NOW));
    assertEquals(Move.PROMOTE, recovery.look(Verdict.ALLOWED, NOW + SECOND));
    recovery.end();
    assertEquals(Move.NONE, recovery.look(Verdict.ALLOWED, NOW + SECOND));
  }

  /// The time counts from the predecessor's last sign of life: that is when its users began to
  /// wait.
  @Test
  void aPeerThatIsNotMetWithinTheHoldEndsIt() {
    assertTrue(recovery.start(10 * SECOND, NOW));

    assertEquals(Move.WAIT, recovery.look(Verdict.CURRENCY_UNKNOWN, NOW + 20 * SECOND - 1));
    assertEquals(Move.GIVE_UP, recovery.look(Verdict.CURRENCY_UNKNOWN, NOW + 20 * SECOND));
    assertEquals("the peer was not met within 30 s", recovery.reason(Verdict.CURRENCY_UNKNOWN));
  }

  /// Each of the two may answer at any moment.
  @Test
  void aWitnessThatDoesNotAnswerIsWaitedForAsThePeerIs() {
    assertTrue(recovery.start(10 * SECOND, NOW));

    assertEquals(Move.WAIT, recovery.look(Verdict.WITNESS_UNHEARD, NOW + 20 * SECOND - 1));
    assertEquals(Move.GIVE_UP, recovery.look(Verdict.WITNESS_UNHEARD, NOW + 20 * SECOND));
    assertTrue(recovery.reason(Verdict.WITNESS_UNHEARD).contains("bring the witness back"));
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = {"ALLOWED", "CURRENCY_UNKNOWN", "WITNESS_UNHEARD"})
  void aRefusalThatTimeDoesNotChangeEndsItAtOnce(Verdict refusal) {
    assertTrue(recovery.start(0, NOW));

    assertEquals(Move.GIVE_UP, recovery.look(refusal, NOW));
    assertTrue(recovery.reason(refusal).contains(refusal.hint()), recovery.reason(refusal));
  }
}
