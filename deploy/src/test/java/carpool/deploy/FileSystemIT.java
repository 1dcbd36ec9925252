package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// ext4 on one replicated disk, as the guides that use UFS have it: made, moved by a command, and
/// taken over after a power cut under a writer. The disk is a file of FUSE here, and `mount` puts a
/// loop device on it by itself; loop devices are the machine's, so containers have to be given
/// them.
@Tag("e2e")
class FileSystemIT {
  private static final Duration TAKEOVER = Duration.ofMinutes(2);
  private static final int RECORDS = 30;
  private static final String MOUNT = "/mnt/hast0";

  private static final String CONFIG =
      """
      cluster: lab
      device: nbdfuse
      election:
        - name: storage
          interface: eth0
          vhid: 1
          password: secret
          addresses: [172.30.1.50/24]
          advskew: { hast1: 0, hast2: 100 }
      pools:
        - name: home
          follows: storage
          type: filesystem
          resources: [disk1]
          mountpoint: /mnt/hast0
          fsck: [fsck.ext4, -p]
          fstype: ext4
      """;

  @Test
  void ext4FollowsTheRoleByCommandAndAfterAPowerCutAndLosesNothing() throws Exception {
    assumeTrue(Files.exists(Path.of("/dev/loop-control")), "this machine has no loop devices");
    try (var lab = new Lab()) {
      for (var node : lab.nodes()) {
        node.with("/etc/carpool/carpool.yaml", 0600, CONFIG).withLoopDevices();
      }
      lab.startNodes();
      lab.await("a device", TAKEOVER, () -> primary(lab) != null);
      var first = Objects.requireNonNull(primary(lab));
      var second = lab.other(first);
      lab.await("two equal copies", TAKEOVER, () -> inStep(first));
      Lab.must(first, "mkfs.ext4", "-q", "-F", "/dev/hast/disk1");
      Lab.must(first, "carpool", "pool", "import", "home");
      lab.await("mounted", TAKEOVER, () -> serves(first));
      Lab.must(first, "sh", "-c", "head -c 5000000 /dev/urandom | dd of=/mnt/hast0/a conv=fsync");
      var sum = first.run("md5sum", MOUNT + "/a").output();
      lab.await("two equal copies", TAKEOVER, () -> inStep(first));

      var moved = first.run("carpool", "switchover");

      assertThat(moved.ok()).as(moved + lab.logs()).isTrue();
      lab.await("mounted there", TAKEOVER, () -> serves(second));
      assertThat(first.run("mountpoint", "-q", MOUNT).ok()).isFalse();
      assertThat(second.run("md5sum", MOUNT + "/a").output()).isEqualTo(sum);
      System.out.println(second.run("carpool", "timeline").output());

      lab.await("two equal copies", TAKEOVER, () -> inStep(second));
      var acknowledged = LocalWriter.write(second, MOUNT + "/records");
      Lab.await(
          "records",
          TAKEOVER,
          () -> acknowledged.numbers.size() >= RECORDS,
          () -> acknowledged.progress() + lab.logs());

      second.powerCut();

      assertThat(acknowledged.awaitCompletion(30, TimeUnit.SECONDS)).isTrue();
      lab.await("taken over", TAKEOVER, () -> serves(first));
      var found =
          first
              .run("sh", "-c", "cd " + MOUNT + "/records && grep -H . *")
              .output()
              .lines()
              .toList();
      var missing = new TreeSet<Integer>();
      for (int number : acknowledged.numbers) {
        if (!found.contains(number + ":record " + number)) {
          missing.add(number);
        }
      }
      assertThat(missing).as("acknowledged and lost %s", lab.logs()).isEmpty();
      assertThat(first.run("md5sum", MOUNT + "/a").output()).isEqualTo(sum);

      second.powerOn();

      lab.await("two equal copies", Duration.ofMinutes(4), () -> inStep(first));
      System.out.printf(
          "ext4: %d records with fsync, none missing after a power cut%n",
          acknowledged.numbers.size());
      System.out.println(first.run("carpool", "timeline").output());
      // A loop device must not stay behind on the machine.
      Lab.must(first, "carpool", "pool", "export", "home");
      assertThat(first.run("mountpoint", "-q", MOUNT).ok()).isFalse();
    }
  }

  private static @Nullable Node primary(Lab lab) {
    for (var node : lab.nodes()) {
      if (node.run("test", "-s", "/dev/hast/disk1").ok()) {
        return node;
      }
    }
    return null;
  }

  private static boolean serves(Node node) {
    return node.status().serving() && node.run("mountpoint", "-q", MOUNT).ok();
  }

  private static boolean inStep(Node node) {
    return node.status().resources().stream()
        .anyMatch(each ->
            each.name().equals("disk1") && each.role().equals("PRIMARY") && each.complete());
  }
}
