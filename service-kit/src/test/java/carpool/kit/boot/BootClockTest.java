package carpool.kit.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class BootClockTest {
  /// The kernel's own figure, in seconds, is the clock that counts suspend.
  @Test
  void tellsTheTimeSinceTheBoot() throws Exception {
    long before = BootClock.nanos();
    double uptime =
        Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ", 2)[0]) * 1e9;
    long after = BootClock.nanos();

    assertThat(uptime).isBetween(before - 1e9, after + 1e9);
    assertThat(after).isGreaterThanOrEqualTo(before);
  }
}
