package carpool.orchestrator.pool;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DeviceUsersTest {
  @TempDir private Path dir;

  @Test
  void whoHasADeviceOpenIsNamedUnderTheDeviceAndUnderALinkToIt() throws Exception {
    var device = Files.writeString(dir.toRealPath().resolve("nbd0"), "x");
    var link = Files.createSymbolicLink(dir.toRealPath().resolve("disk1"), device);
    var other = Files.writeString(dir.toRealPath().resolve("disk2"), "x");

    assertThat(DeviceUsers.of(List.of(device, link, other))).isEmpty();
    try (var open = Files.newInputStream(device)) {
      var ours = " (" + ProcessHandle.current().pid() + ")";
      assertThat(DeviceUsers.of(List.of(device))).isEqualTo("java" + ours);
      assertThat(DeviceUsers.of(List.of(other, link))).isEqualTo("java" + ours);
      assertThat(DeviceUsers.of(List.of(other))).isEmpty();
      assertThat(open.read()).isEqualTo('x');
    }
  }
}
