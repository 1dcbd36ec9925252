package carpool.election;

import carpool.kit.testing.CoreRules;
import org.junit.jupiter.api.Test;

final class CorePurityTest {
  @Test
  void coreUsesNoClockNoSocketAndNoThread() {
    CoreRules.check("carpool.election");
  }
}
