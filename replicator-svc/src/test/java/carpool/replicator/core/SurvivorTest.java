package carpool.replicator.core;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.PromotionRule.Verdict;
import org.junit.jupiter.api.Test;

/// An operator names the survivor of a split brain, and may think again.
final class SurvivorTest {
  private final CorePair pair = CorePair.inStep(ReplicationMode.FULLSYNC);

  private void splitBrain() {
    pair.cut();
    pair.settle();
    pair.a.write(1, 11);
    pair.settle();
    assertThat(pair.force(pair.b)).isEqualTo(Verdict.ALLOWED);
    pair.b.write(2, 22);
    pair.settle();
    for (var node : new CorePair.Node[] {pair.a, pair.b}) {
      node.core().setRole(900, Role.SECONDARY, false);
    }
    pair.settle();
    pair.connect();
    assertThat(pair.a.core().splitBrain()).isTrue();
    pair.cut();
    pair.settle();
  }

  @Test
  void theSideThatGivesWayIsOverwritten() {
    splitBrain();
    pair.b.core().standAsSurvivor();
    pair.a.core().yieldToPeer();
    pair.connect();
    assertThat(pair.a.data[2]).isEqualTo(22);
    assertThat(pair.a.data[1]).isNotEqualTo(11);
  }

  /// The nodes were exchanging their hellos when the operator thought again.
  @Test
  void whatWasSaidBeforeTheOperatorThoughtAgainDoesNotCount() {
    splitBrain();
    pair.b.core().standAsSurvivor();
    pair.a.core().yieldToPeer();
    pair.connectWithoutSteps();
    pair.a.core().standAsSurvivor();
    pair.settle();
    assertThat(pair.a.data[1]).isEqualTo(11);
    assertThat(pair.a.core().disk()).isNotEqualTo(DiskState.INCONSISTENT);
  }
}
