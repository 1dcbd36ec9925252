package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.PromotionRule.Verdict;
import org.junit.jupiter.api.Test;

/// Both nodes are primary, without a session. Of one generation the one that was promoted later
/// goes on; it was promoted because the other did not answer.
final class TwoPrimariesTest {
  private final CorePair pair = CorePair.inStep(ReplicationMode.FULLSYNC);

  private void bothPrimary() {
    pair.a.write(3, 30);
    pair.settle();
    pair.a.flush();
    pair.ticks(3);
    pair.cut();
    pair.settle();
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.ALLOWED);
    pair.reachable = true;
  }

  @Test
  void theOneThatWasPromotedEarlierAsksAndGivesUp() {
    bothPrimary();
    int write = pair.a.write(3, 31);
    pair.settle();

    assertThat(pair.a.core().fenced()).isTrue();
    assertThat(pair.a.answers).doesNotContainKey(write);
    assertThat(pair.b.core().fenced()).isFalse();
  }

  @Test
  void theOneThatWasPromotedEarlierIsAskedAndGivesUp() {
    bothPrimary();
    int write = pair.b.write(3, 31);
    pair.settle();

    assertThat(pair.b.answers.get(write)).isEqualTo(OK);
    assertThat(pair.a.core().fenced()).isTrue();
  }

  /// Also a read that was under way when it heard of the other.
  @Test
  void readOfTheOneThatGaveUpIsNotAnswered() {
    bothPrimary();
    assertThat(pair.b.write(3, 31)).isNotNegative();
    pair.a.hang();
    int read = pair.a.read(3);
    pair.settle();
    assertThat(pair.a.core().fenced()).isTrue();

    pair.a.unhang();
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKey(read);
  }

  @Test
  void primaryInASessionDoesNotConsentToAnother() {
    pair.a.core().message(pair.session(), new PeerMessage.PromotionRequest());
    pair.settle();

    assertThat(pair.a.core().peerRole()).isEqualTo(Role.SECONDARY);
    assertThat(pair.b.core().role()).isEqualTo(Role.SECONDARY);
  }

  @Test
  void ofTwoThatAreToBePromotedAtOnceTheLowerNameIs() {
    pair.a.core().setRole(77, Role.SECONDARY, false);
    pair.settle();
    pair.a.core().setRole(78, Role.PRIMARY, false);
    pair.b.core().setRole(79, Role.PRIMARY, false);
    pair.settle();

    assertThat(pair.a.core().role()).isEqualTo(Role.PRIMARY);
    assertThat(pair.b.core().role()).isEqualTo(Role.SECONDARY);
    assertThat(pair.b.verdict).isEqualTo(Verdict.PEER_IS_PRIMARY);
  }
}
