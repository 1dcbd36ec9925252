package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.orchestrator.core.SyncGroupRule.Verdict;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Two groups, `lan` first; looks every two seconds.
final class SyncGroupRuleTest {
  private static final long SECOND = Bench.SECOND;

  private final SyncGroupRule rule = new SyncGroupRule(List.of("lan", "dmz"));
  private long now = 1_000 * SECOND;

  private Verdict after(long seconds, Carp lan, Carp dmz, boolean peerReady) {
    var verdict = rule.look(now, Map.of("lan", lan, "dmz", dmz), peerReady);
    for (long passed = 0; passed < seconds; passed += 2) {
      now += 2 * SECOND;
      verdict = rule.look(now, Map.of("lan", lan, "dmz", dmz), peerReady);
    }
    return verdict;
  }

  @Test
  void groupsAtOneNodeStayThere() {
    assertThat(after(60, Carp.MASTER, Carp.MASTER, true)).isEqualTo(Verdict.NOTHING);
    assertThat(after(60, Carp.BACKUP, Carp.BACKUP, true)).isEqualTo(Verdict.NOTHING);
  }

  @Test
  void interfaceThatIsDownMovesTheOtherGroupsToANodeThatIsReady() {
    var verdict = after(0, Carp.MASTER, Carp.INIT, false);
    assertThat(verdict.against()).isEqualTo("group dmz of the same sync group is INIT");
    assertThat(verdict.resign()).isEmpty();

    assertThat(after(0, Carp.MASTER, Carp.INIT, true).resign()).containsExactly("lan");
    // The other node needs some seconds to take it.
    assertThat(after(20, Carp.MASTER, Carp.INIT, true).resign()).isEmpty();
    assertThat(after(10, Carp.MASTER, Carp.INIT, true).resign()).containsExactly("lan");

    assertThat(after(0, Carp.BACKUP, Carp.INIT, true).against()).isNotEmpty();
    assertThat(after(0, Carp.BACKUP, Carp.BACKUP, true)).isEqualTo(Verdict.NOTHING);
  }

  @Test
  void groupsThatAreApartFollowTheFirstOne() {
    assertThat(after(8, Carp.BACKUP, Carp.MASTER, true).resign()).isEmpty();
    var verdict = after(2, Carp.BACKUP, Carp.MASTER, true);
    assertThat(verdict.resign()).containsExactly("dmz");
    assertThat(verdict.cause()).isEqualTo("group lan is served by the other node");
    assertThat(verdict.against()).isEmpty();
  }

  /// Its own interface may be down; the group would come back, and its clients wait for nothing.
  @Test
  void groupIsNotGivenToANodeThatIsNotKnownToTakeIt() {
    assertThat(after(10, Carp.BACKUP, Carp.MASTER, false)).isEqualTo(Verdict.NOTHING);
    assertThat(after(0, Carp.BACKUP, Carp.MASTER, true).resign()).containsExactly("dmz");
  }

  /// Else both nodes would swap for ever.
  @Test
  void nodeOfTheFirstGroupWaitsForTheOthers() {
    for (int look = 0; look < 60; look++) {
      assertThat(after(2, Carp.MASTER, Carp.BACKUP, true)).isEqualTo(Verdict.NOTHING);
    }
  }

  @Test
  void rolesThatDifferDuringATakeoverAreNoReason() {
    assertThat(after(8, Carp.BACKUP, Carp.MASTER, true)).isEqualTo(Verdict.NOTHING);
    assertThat(after(0, Carp.MASTER, Carp.MASTER, true)).isEqualTo(Verdict.NOTHING);
    assertThat(after(8, Carp.BACKUP, Carp.MASTER, true)).isEqualTo(Verdict.NOTHING);
  }

  @Test
  void nothingIsKnownWhileTheElectionDoesNotAnswer() {
    assertThat(rule.look(now, Map.of("lan", Carp.INIT), true)).isEqualTo(Verdict.NOTHING);
    assertThat(after(60, Carp.UNKNOWN, Carp.MASTER, true)).isEqualTo(Verdict.NOTHING);
  }

  @Test
  void nodeWithoutAnyOfItsNetworksHasNothingToMove() {
    assertThat(after(60, Carp.INIT, Carp.INIT, true)).isEqualTo(Verdict.NOTHING);
  }
}
