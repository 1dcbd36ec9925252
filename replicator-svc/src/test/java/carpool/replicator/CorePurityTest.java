package carpool.replicator;

import carpool.kit.testing.CoreRules;
import org.junit.jupiter.api.Test;

final class CorePurityTest {
  @Test
  void coreUsesNoClockNoFileAndNoThread() {
    CoreRules.check("carpool.replicator");
  }
}
