package carpool.replicator.control;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.replicator.v1.RepairSource;
import carpool.replicator.v1.VerifyRequest;
import org.junit.jupiter.api.Test;

class RepairRuleTest {
  private static void check(boolean repair, RepairSource source) {
    RepairRule.check(VerifyRequest.newBuilder().setRepair(repair).setSource(source).build());
  }

  @Test
  void repairWithoutANamedSourceIsRefused() {
    assertThatThrownBy(() -> check(true, RepairSource.REPAIR_SOURCE_UNSPECIFIED))
        .hasMessageContaining("does not tell which copy is right");
    assertThatThrownBy(() -> check(true, RepairSource.REPAIR_SOURCE_PEER))
        .hasMessageContaining("cannot be overwritten");
    assertThatCode(() -> check(true, RepairSource.REPAIR_SOURCE_LOCAL)).doesNotThrowAnyException();
  }

  @Test
  void comparisonNeedsNoSource() {
    assertThatCode(() -> check(false, RepairSource.REPAIR_SOURCE_UNSPECIFIED))
        .doesNotThrowAnyException();
  }
}
