package carpool.replicator.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.kit.testing.ForeignTools;
import carpool.replicator.v1.Role;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// ext4 on a loop device over the primary's device: what is written on one node is there, and the
/// file system whole, after each switch of roles.
@Tag("peer")
final class FileSystemSwitchTest {
  private static final int SWITCHES = 4;

  @TempDir Path directory;

  @Test
  void ext4SurvivesSwitchesOfRoles() throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "/dev/fuse cannot be opened");
    assumeTrue(Files.isWritable(Path.of("/dev/loop-control")), "no loop devices");
    for (var tool : List.of("nbdfuse", "nbdkit", "mkfs.ext4", "losetup", "e2fsck")) {
      assumeTrue(ForeignTools.find(tool).isPresent(), tool + " is not installed");
    }
    var mount = Files.createDirectories(directory.resolve("mnt"));
    var content = new byte[SWITCHES][];
    try (var pair = new Pair(directory, "fullsync", "nbdfuse", Duration.ofSeconds(60))) {
      pair.start(1);
      pair.start(2);
      for (int round = 0; round < SWITCHES; round++) {
        int node = 1 + round % 2;
        assertEquals(Role.ROLE_PRIMARY, pair.role(node, Role.ROLE_PRIMARY).getNow(), pair.logs());
        pair.await(node, "primary with a device", r -> r.getExport().getDeviceReady());
        var loop = Tools.run("losetup", "--find", "--show", pair.device(node).toString()).strip();
        try {
          if (round == 0) {
            Tools.run("mkfs.ext4", "-q", loop);
          }
          Tools.run("e2fsck", "-f", "-n", loop);
          Tools.run("mount", loop, mount.toString());
          try {
            for (int old = 0; old < round; old++) {
              assertThat(Files.readAllBytes(mount.resolve("file" + old))).isEqualTo(content[old]);
            }
            content[round] = new byte[5 << 20];
            new Random(round).nextBytes(content[round]);
            Files.write(mount.resolve("file" + round), content[round]);
          } finally {
            Tools.run("umount", mount.toString());
          }
        } finally {
          Tools.run("losetup", "--detach", loop);
        }
        pair.awaitComplete(node);
        assertEquals(
            Role.ROLE_SECONDARY, pair.role(node, Role.ROLE_SECONDARY).getNow(), pair.logs());
      }
      assertEquals(-1, pair.firstDifference());
    }
  }
}
