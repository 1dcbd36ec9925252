package carpool.orchestrator;

import carpool.kit.testing.CoreRules;
import org.junit.jupiter.api.Test;

final class CorePurityTest {
  @Test
  void coreUsesNoClockNoProcessAndNoThread() {
    CoreRules.check("carpool.orchestrator");
  }
}
