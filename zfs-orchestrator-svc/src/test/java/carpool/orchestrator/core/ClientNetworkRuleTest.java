package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.orchestrator.core.ClientNetworkRule.Verdict;
import carpool.orchestrator.core.ClientSight.Evidence;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Two nodes look at each other every two seconds; a helper plays seconds of a network.
final class ClientNetworkRuleTest {
  private static final long SECOND = Bench.SECOND;

  private static ClientSight sight(boolean master, Evidence evidence, long silent, boolean cut) {
    return new ClientSight(master, false, evidence, silent * SECOND, cut, silent + " s");
  }

  private static final ClientSight WELL = sight(true, Evidence.TARGET, 1, false);
  private static final ClientSight CUT = sight(true, Evidence.TARGET, 12, true);
  private static final ClientSight BACKUP = sight(false, Evidence.TARGET, 1, false);

  private final ClientNetworkRule rule = new ClientNetworkRule();
  private long now = 1_000 * SECOND;

  /// The verdict after so many seconds of the same.
  private Verdict after(long seconds, ClientSight own, @Nullable ClientSight peer) {
    return after(seconds, own, peer, true, false);
  }

  private Verdict after(
      long seconds, ClientSight own, @Nullable ClientSight peer, boolean able, boolean heard) {
    var verdict = rule.look(now, own, peer, "hast2", able, heard);
    for (long passed = 2; passed <= seconds; passed += 2) {
      now += 2 * SECOND;
      verdict = rule.look(now, own, peer, "hast2", able, heard);
    }
    now += SECOND;
    return verdict;
  }

  @Test
  void theNodeWhoseNetworkIsDeadGivesWayToTheOneThatIsWell() {
    var verdict = after(4, CUT, WELL);

    assertThat(verdict.lost())
        .isEqualTo("the client network is cut here: 12 s, while for hast2, MASTER as well, 1 s");
    assertThat(verdict.alarm()).isEmpty();
  }

  @Test
  void twoMastersOfAnOrderlyMoveAreNoCut() {
    assertThat(after(2, CUT, WELL)).isEqualTo(Verdict.NOTHING);
    assertThat(after(60, BACKUP, WELL)).isEqualTo(Verdict.NOTHING);
    assertThat(after(60, WELL, BACKUP)).isEqualTo(Verdict.NOTHING);
  }

  @Test
  void whoDoesNotHearTheOtherNodeKnowsNothing() {
    assertThat(after(60, CUT, null)).isEqualTo(Verdict.NOTHING);
  }

  @Test
  void withoutEvidenceNothingMovesAndAnOperatorIsTold() {
    var blind = sight(true, Evidence.NONE, 0, false);

    assertThat(after(8, blind, blind)).isEqualTo(Verdict.NOTHING);
    var verdict = after(60, blind, blind);
    assertThat(verdict.lost()).isEmpty();
    assertThat(verdict.alarm()).contains("both MASTER", "the pool stays", "carpool switchover");
  }

  @Test
  void bothWithoutTheNetworkStayWhereTheyAre() {
    assertThat(after(60, CUT, CUT).lost()).isEmpty();
  }

  @Test
  void nobodyGivesWayToANodeThatCouldNotServe() {
    var verdict = after(60, CUT, WELL, false, false);

    assertThat(verdict.lost()).isEmpty();
    assertThat(verdict.alarm()).contains("its copy is not up to date");
  }

  @Test
  void nothingReceivedIsAProofOnlyAfterTheOtherNodeSentForAsLong() {
    var quiet = sight(true, Evidence.TRAFFIC, 600, true);

    assertThat(after(18, quiet, WELL).lost()).isEmpty();
    assertThat(after(4, quiet, WELL).lost()).isNotEmpty();
  }

  @Test
  void aNodeThatGivesWayIsNobodyToGiveWayTo() {
    var leaving = new ClientSight(true, true, Evidence.TARGET, SECOND, false, "");

    assertThat(after(60, CUT, leaving)).isEqualTo(Verdict.NOTHING);
  }

  @Test
  void theNetworkHasToBeWellForAWhileAndTheFirstTimeLastsHalfAMinute() {
    after(4, CUT, WELL);
    var backup = sight(false, Evidence.TARGET, 1, false);

    assertThat(after(20, backup, WELL).lost()).isNotEmpty();
    assertThat(after(10, backup, WELL)).isEqualTo(Verdict.NOTHING);
  }

  @Test
  void eachTimeSoonAfterTheLastLastsTwiceAsLongUpToTwoMinutes() {
    var backup = sight(false, Evidence.TARGET, 1, false);
    for (long lasts : new long[] {30, 60, 120, 120}) {
      assertThat(after(6, CUT, WELL).lost()).isNotEmpty();
      assertThat(after(lasts - 10, backup, WELL).lost()).isNotEmpty();
      assertThat(after(10, backup, WELL)).isEqualTo(Verdict.NOTHING);
    }
  }

  @Test
  void itEndsEarlierWhenTheOtherNodeHasLostItsClientsOrItsRole() {
    after(4, CUT, WELL);
    var backup = sight(false, Evidence.TARGET, 1, false);
    assertThat(after(6, backup, CUT)).isEqualTo(Verdict.NOTHING);

    after(6, CUT, WELL);
    assertThat(after(6, CUT, BACKUP)).isEqualTo(Verdict.NOTHING);
  }

  @Test
  void aNodeWithoutClientsThatHearsNobodyStaysAway() {
    after(4, CUT, WELL);

    assertThat(after(600, sight(false, Evidence.TARGET, 600, true), null).lost()).isNotEmpty();
  }

  @Test
  void anAdvertisementHeardIsASignOfLifeToo() {
    after(4, CUT, WELL);
    var deaf = sight(false, Evidence.TARGET, 600, true);

    assertThat(after(20, deaf, WELL, true, true).lost()).isNotEmpty();
    assertThat(after(10, deaf, WELL, true, true)).isEqualTo(Verdict.NOTHING);
  }

  @Test
  void aNodeThatDidNotLookForAWhileBeginsAnew() {
    after(2, CUT, WELL);
    now += 60 * SECOND;

    assertThat(after(2, CUT, WELL)).isEqualTo(Verdict.NOTHING);
    assertThat(after(2, CUT, WELL).lost()).isNotEmpty();
  }

  /// Whatever happens to the networks of two nodes that are both MASTER, and however old what they
  /// know of each other is: never do both give way.
  @Test
  void neverDoBothGiveWay() {
    for (long seed = 1; seed <= 3_000; seed++) {
      new TwoNodes(new SplittableRandom(seed)).play();
    }
  }

  private static final class TwoNodes {
    private final SplittableRandom random;
    private final SightTrack[] tracks = {new SightTrack(true), new SightTrack(true)};
    private final ClientNetworkRule[] rules = {new ClientNetworkRule(), new ClientNetworkRule()};
    private final boolean[] alive = {true, true};
    private final boolean[] lost = {false, false};
    private final @Nullable ClientSight[] notes = {null, null};
    private final long[] left = {0, 0};
    private long now = 1_000 * SECOND;

    TwoNodes(SplittableRandom random) {
      this.random = random;
    }

    void play() {
      for (int second = 0; second < 300; second++) {
        now += SECOND;
        for (int node = 0; node < 2; node++) {
          if (random.nextInt(12) == 0) {
            alive[node] = random.nextInt(3) > 0;
          }
          tracks[node].sampled(now, true, alive[node], -1);
          if (random.nextInt(3) > 0) {
            notes[node] = own(node);
            left[node] = now;
          }
          if (random.nextInt(3) > 0) {
            look(node);
          }
        }
        assertThat(lost[0] && lost[1]).as("both give way").isFalse();
      }
    }

    private ClientSight own(int node) {
      return new ClientSight(
          !lost[node],
          lost[node],
          tracks[node].evidence(),
          tracks[node].silentNanos(now),
          tracks[node].cut(now),
          "");
    }

    private void look(int node) {
      var note = notes[1 - node];
      var peer = note == null ? null : note.aged(now - left[1 - node]);
      lost[node] = !rules[node].look(now, own(node), peer, "peer", true, false).lost().isEmpty();
    }
  }
}
