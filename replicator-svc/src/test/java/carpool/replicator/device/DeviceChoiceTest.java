package carpool.replicator.device;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.kit.config.CarpoolConfig.DeviceKind;
import carpool.replicator.device.DeviceChoice.Host;
import carpool.replicator.device.DeviceChoice.Way;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeviceChoiceTest {
  @ParameterizedTest
  @CsvSource({
    // wanted, kernelNbd, nbdClient, fuse, nbdfuse, nbdkit, way, part of the problem
    "NONE,    true,  true,  true,  true,  true,  NONE,   ''",
    "AUTO,    true,  true,  true,  true,  true,  KERNEL, ''",
    "AUTO,    false, true,  true,  true,  true,  FUSE,   ''",
    "AUTO,    true,  false, true,  true,  true,  FUSE,   ''",
    "AUTO,    false, false, false, true,  true,  NONE,   /dev/fuse cannot be opened",
    "AUTO,    true,  true,  true,  true,  false, NONE,   nbdkit is not installed",
    "NBD,     false, true,  true,  true,  true,  NONE,   modprobe nbd",
    "NBD,     true,  true,  false, false, true,  KERNEL, ''",
    "NBDFUSE, true,  true,  true,  false, true,  NONE,   nbdfuse is not installed",
    "NBDFUSE, false, false, true,  true,  true,  FUSE,   ''",
  })
  void theDeviceFollowsWhatIsWantedAndWhatIsThere(
      DeviceKind wanted,
      boolean kernelNbd,
      boolean nbdClient,
      boolean fuse,
      boolean nbdfuse,
      boolean nbdkit,
      Way way,
      String problem) {
    var host = new Host(kernelNbd, nbdClient, fuse, nbdfuse, nbdkit);

    var choice = DeviceChoice.choose(wanted, host);

    assertThat(choice.way()).isEqualTo(way);
    assertThat(choice.problem()).contains(problem);
    assertThat(choice.problem().isEmpty()).isEqualTo(problem.isEmpty());
  }
}
