package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// Two networks of clients, a group and a pool on each, that move together: by a command that names
/// one of them, by failback, when one interface is down, and when a node dies.
@Tag("e2e")
class SyncGroupIT {
  private static final Duration MOVE = Duration.ofMinutes(3);
  private static final List<String> DISKS = List.of("disk1", "disk2");
  private static final List<String> MOUNTS = List.of("/mnt/home", "/mnt/web");
  private static final Pattern BACKUP = Pattern.compile("\"state\": *\"STATE_BACKUP\"");
  private static final String LAN_VIP = Lab.LAN + ".50";
  private static final String DMZ_VIP = Lab.DMZ + ".50";

  private static final String CONFIG =
      """
      cluster: lab
      device: nbdfuse
      election:
        - name: lan
          interface: eth0
          vhid: 1
          password: secret
          addresses: [%s/24]
          advskew: { hast1: 0, hast2: 100 }
          preempt: true
          preempt-delay: 20s
          sync-group: site
        - name: dmz
          interface: eth2
          vhid: 2
          password: secret
          addresses: [%s/24]
          advskew: { hast1: 0, hast2: 100 }
          preempt: true
          preempt-delay: 20s
          sync-group: site
      pools:
        - name: home
          follows: lan
          type: filesystem
          resources: [disk1]
          mountpoint: /mnt/home
          fsck: [fsck.ext4, -p]
          fstype: ext4
        - name: web
          follows: dmz
          type: filesystem
          resources: [disk2]
          mountpoint: /mnt/web
          fsck: [fsck.ext4, -p]
          fstype: ext4
      """
          .formatted(LAN_VIP, DMZ_VIP);

  @Test
  void bothGroupsAndTheirPoolsAreAlwaysAtOneNode() throws Exception {
    assumeTrue(Files.exists(Path.of("/dev/loop-control")), "this machine has no loop devices");
    try (var dmz = Lab.network("c-dmz", Lab.DMZ);
        var lab = new Lab()) {
      int lastOctet = 11;
      for (var node : lab.nodes()) {
        var _ =
            node.with("/etc/carpool/carpool.yaml", 0600, CONFIG)
                .withLoopDevices()
                .connectedTo(dmz, Lab.DMZ + "." + lastOctet++);
      }
      lab.play("sync-group", SyncGroupIT::play);
    }
  }

  private static void play(Lab lab) throws Exception {
    lab.await("devices", MOVE, () -> primary(lab.hast1) || primary(lab.hast2));
    var maker = primary(lab.hast1) ? lab.hast1 : lab.hast2;
    for (var disk : DISKS) {
      Lab.must(maker, "mkfs.ext4", "-q", "-F", "/dev/hast/" + disk);
    }
    Lab.must(maker, "carpool", "pool", "import", "home");
    Lab.must(maker, "carpool", "pool", "import", "web");
    // The preferred node, at once or by a failback.
    awaitAll(lab, lab.hast1, "made");

    var moved = lab.hast1.run("carpool", "switchover", "home");
    assertThat(moved.ok()).as(moved + lab.logs()).isTrue();
    awaitAll(lab, lab.hast2, "switchover of one pool");

    // Within the fail window the pools are given back once, and that may have been.
    Lab.must(lab.hast2, "carpool", "pool", "clear");
    awaitAll(lab, lab.hast1, "failback");

    Lab.must(lab.hast1, "ip", "link", "set", "eth2", "down");
    // The group without an interface is INIT there, and the other one follows it away.
    awaitServed(lab, lab.hast2, "interface of one group down");
    assertThat(lab.hast1.run("carpool", "status").output()).contains("sync-group");
    Lab.must(lab.hast1, "ip", "link", "set", "eth2", "up");
    lab.await("the other node stands by again", MOVE, () -> standsBy(lab.hast1));

    lab.hast2.powerCut();
    awaitServed(lab, lab.hast1, "death of a node");

    lab.hast2.powerOn();
    awaitAll(lab, lab.hast1, "return of the node");
    System.out.println(lab.hast1.run("carpool", "timeline").output());
    // Loop devices must not stay behind on the machine.
    Lab.must(lab.hast1, "carpool", "pool", "export", "home");
    Lab.must(lab.hast1, "carpool", "pool", "export", "web");
  }

  private static boolean primary(Node node) {
    return DISKS.stream()
        .allMatch(disk ->
            node.run("test", "-s", "/dev/hast/" + disk).ok()
                && node.status().resources().stream()
                    .anyMatch(each ->
                        each.name().equals(disk)
                            && each.role().equals("PRIMARY")
                            && each.complete()));
  }

  /// Everything is at this node, and the other one stands by with the same data.
  private static void awaitAll(Lab lab, Node node, String after) throws InterruptedException {
    lab.await(
        after + ": all at " + node.nodeName(),
        MOVE,
        () -> servesAll(node) && primary(node) && standsBy(lab.other(node)));
  }

  private static void awaitServed(Lab lab, Node node, String after) throws InterruptedException {
    lab.await(after + ": all at " + node.nodeName(), MOVE, () -> servesAll(node));
  }

  private static boolean servesAll(Node node) {
    return MOUNTS.stream().allMatch(mount -> node.run("mountpoint", "-q", mount).ok())
        && addresses(node).containsAll(List.of(LAN_VIP, DMZ_VIP));
  }

  private static boolean standsBy(Node node) {
    return MOUNTS.stream().noneMatch(mount -> node.run("mountpoint", "-q", mount).ok())
        && addresses(node).stream().noneMatch(List.of(LAN_VIP, DMZ_VIP)::contains)
        && BACKUP.matcher(node.run("carpool", "status", "--json").output()).results().count() == 2;
  }

  private static List<String> addresses(Node node) {
    return node.run("sh", "-c", "ip -o -4 addr show | awk '{sub(\"/.*\", \"\", $4); print $4}'")
        .output()
        .lines()
        .toList();
  }
}
