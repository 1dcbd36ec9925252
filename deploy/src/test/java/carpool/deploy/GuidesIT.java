package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.testcontainers.images.builder.Transferable;

/// What the published guides for FreeBSD tell a person to do, in their order and with their
/// `hast.conf` as printed, on two machines on which nothing has been set up. The names of the disks
/// are links to files; the names of the hosts are in `/etc/hosts`, as the guides ask for; the
/// shared address is the lab's where the guide does not lean on its own. `zpool create` has one
/// option more than printed: without `cachefile=none` ZFS would import the pool at boot by itself.
@Tag("e2e")
class GuidesIT {
  private static final Duration TAKEOVER = Duration.ofMinutes(2);
  private static final List<String> DISKS = List.of("disk1", "disk2", "disk3");
  private static final String HAST_CONF = "/etc/hast.conf";
  private static final String CARPOOL_YAML = "/etc/carpool/carpool.yaml";

  private static final String THREE_DISKS =
      """
      resource disk1 { on hast1 { local /dev/ad1 remote hast2 } on hast2 { local /dev/ad1 remote hast1 } }
      resource disk2 { on hast1 { local /dev/ad2 remote hast2 } on hast2 { local /dev/ad2 remote hast1 } }
      resource disk3 { on hast1 { local /dev/ad3 remote hast2 } on hast2 { local /dev/ad3 remote hast1 } }
      """;

  private static final String ONE_DISK =
      """
      checksum sha256

      resource hast0 {
        on hast-a {
          local /dev/da1
          remote 192.168.100.198
        }
        on hast-b {
          local /dev/da1
          remote 192.168.100.197
        }
      }
      """;

  /// The script that devd called, as the guides have it: it knows of hastd's processes, waits by
  /// sleeping, and ends at the first command that fails. Paths of Linux, and the web server.
  private static final String FAILOVER =
      """
      #!/bin/sh
      pool=zhast
      disks="disk1 disk2 disk3"
      log() { logger -t failover "$1"; echo "failover: $1"; }
      case "$1" in
        master)
          log "role change to primary"
          sleep 3
          for disk in $disks; do
            while pgrep -f "hastd: $disk [(]secondary[)]" >/dev/null; do sleep 1; done
            hastctl role primary $disk || { log "cannot make $disk primary"; exit 1; }
          done
          for disk in $disks; do
            for i in $(seq 60); do [ -s /dev/hast/$disk ] && break; sleep 0.5; done
            [ -s /dev/hast/$disk ] || { log "no /dev/hast/$disk"; exit 1; }
          done
          zpool import -f -d /dev/hast -o cachefile=none $pool || { log "cannot import $pool"; exit 1; }
          for service in nginx records; do s6-svc -wu -u /run/service/$service; done
          log "role switched to primary"
          ;;
        slave)
          log "role change to secondary"
          for service in nginx records; do s6-svc -wD -d /run/service/$service; done
          if zpool list -H -o name | grep -qx $pool; then
            zpool export -f $pool || { log "cannot export $pool"; exit 1; }
          fi
          for disk in $disks; do
            hastctl role secondary $disk || { log "cannot make $disk secondary"; exit 1; }
          done
          log "role switched to secondary"
          ;;
        *) log "usage: failover master|slave"; exit 2 ;;
      esac
      """;

  private static Lab twoMachines() {
    return new Lab(node ->
        node.withCommand("by-hand")
            .with(HAST_CONF, 0644, THREE_DISKS)
            .withExtraHost("hast1", Lab.REPLICATION + ".11")
            .withExtraHost("hast2", Lab.REPLICATION + ".12"));
  }

  /// G1 and G3 from the daemons to the end of the talk.
  @Test
  void theTalkWithItsManualAndItsAutomaticFailover() throws Exception {
    twoMachines()
        .play(
            "theTalkWithItsManualAndItsAutomaticFailover",
            lab -> {
              rolesByHand(lab);
              poolAndDataset(lab, lab.hast1);
              failOverByHand(lab, lab.hast1, lab.hast2);

              // Now the automatic. Without preempt it stays where it is first; to begin as the
              // talk:
              start(lab, "carpool-election", "carpool-orchestrator");
              lab.awaitSteady();
              if (lab.serves(lab.hast2)) {
                Lab.must(lab.hast2, "carpool", "switchover");
                lab.awaitSteady();
              }
              var red = lab.client.run("curl", "-fsS", "http://" + Lab.VIP + "/").output();
              assertThat(red).as("hast1 serves").contains("<h1>hast1</h1>", "background: red");
              lab.writer.start();
              lab.hast1.powerCut();
              lab.await("take-over", TAKEOVER, () -> lab.serves(lab.hast2));
              var green = lab.client.run("curl", "-fsS", "http://" + Lab.VIP + "/").output();
              assertThat(green).contains("<h1>hast2</h1>", "background: green");
              lab.hast1.powerOn();
              lab.awaitSteady();
              assertThat(lab.serves(lab.hast2)).as("without preempt roles stay swapped").isTrue();

              lowestSkewTakesBack(lab);
              lab.writer.stopAndFindEverything("the talk");
            });
  }

  /// The old script as the only action: carpool knows of no pool, and calls it where devd did.
  @Test
  void theOldScriptPluggedInAsTheOnlyAction() throws Exception {
    twoMachines()
        .play(
            "theOldScriptPluggedInAsTheOnlyAction",
            lab -> {
              for (var node : lab.nodes()) {
                put(node, "/usr/local/bin/failover", FAILOVER);
                Lab.must(node, "chmod", "755", "/usr/local/bin/failover");
                put(node, CARPOOL_YAML, scriptOnly());
              }
              rolesByHand(lab);
              poolAndDataset(lab, lab.hast1);
              Lab.must(lab.hast1, "s6-svc", "-wu", "-u", "/run/service/records");
              Lab.must(lab.hast1, "zpool", "export", "zhast");
              start(lab, "carpool-election", "carpool-orchestrator");
              // Whichever election was first to listen for its time.
              lab.await(
                  "the script's work",
                  TAKEOVER,
                  () -> servesAlone(lab, lab.hast1) || servesAlone(lab, lab.hast2));
              var first = lab.serving();
              var second = lab.other(first);
              lab.writer.start();

              first.powerCut();

              lab.await("take-over", TAKEOVER, () -> lab.serves(second));
              lab.writer.writesAgain();
              first.powerOn();
              // CARP alone decides here, and may move once more when a machine is too busy to
              // send for three seconds; that roles stay without preempt is the other test's.
              lab.await(
                  "return as secondary",
                  Duration.ofMinutes(3),
                  () -> servesAlone(lab, lab.hast2) || servesAlone(lab, lab.hast1));
              lab.writer.stopAndFindEverything("the old script alone");
            });
  }

  /// G4: one disk with checksums, CARP beside it without any pool, an interface that goes down.
  @Test
  void oneDiskWithChecksumsBesideCarp() throws Exception {
    new Lab(
            "hast-a",
            "hast-b",
            node ->
                node.withCommand("by-hand")
                    .with(HAST_CONF, 0644, ONE_DISK)
                    .with(
                        CARPOOL_YAML,
                        0644,
                        """
                        cluster: storage
                        device: nbdfuse
                        election:
                          - name: carp0
                            interface: eth0
                            vhid: 1
                            password: hastpass
                            addresses: [192.168.0.199/24]
                            advskew: { hast-a: 0, hast-b: 100 }
                            preempt: true
                        """))
        .play(
            "oneDiskWithChecksumsBesideCarp",
            lab -> {
              var a = lab.hast1;
              var b = lab.hast2;
              for (var node : lab.nodes()) {
                var octet = node.nodeName().equals("hast-a") ? 197 : 198;
                Lab.must(node, "ip", "addr", "add", "192.168.100." + octet + "/24", "dev", "eth1");
                Lab.must(node, "ip", "addr", "add", "192.168.0." + octet + "/24", "dev", "eth0");
              }
              Lab.must(lab.client, "ip", "addr", "add", "192.168.0.100/24", "dev", "eth0");
              oneDisk(lab, a, b);
              interfaceDown(lab, a, b);
            });
  }

  private static void oneDisk(Lab lab, Node a, Node b) throws Exception {
    for (var node : lab.nodes()) {
      awaitDaemon(lab, node);
      Lab.must(node, "hastctl", "create", "hast0");
    }
    Lab.must(a, "hastctl", "role", "primary", "hast0");
    Lab.must(b, "hastctl", "role", "secondary", "hast0");
    // Blank disks are in sync at once.
    lab.await(
        "both in step",
        Duration.ofSeconds(30),
        () -> a.run("hastctl", "status").output().contains("hast0\tcomplete primary"));
    assertThat(a.run("hastctl", "list", "hast0").output())
        .containsSubsequence(
            "role: primary",
            "provname: hast0",
            "localpath: /dev/da1",
            "extentsize: 2097152 (2.0MB)",
            "keepdirty: 64",
            "remoteaddr: 192.168.100.198",
            "status: complete",
            "dirty: 0 (0B)",
            "statistics:",
            "reads: ",
            "writes: ",
            "deletes: ",
            "flushes: ",
            "activemap updates: ");
    assertThat(a.run("carpool", "status", "--json").output())
        .containsPattern("\"checksum\": *\"sha256\"");
    Lab.must(
        a, "sh", "-c", "dd if=/dev/urandom of=/dev/hast/hast0 bs=1M count=4 conv=notrunc,fsync");
    lab.await(
        "both in step",
        Duration.ofSeconds(30),
        () -> a.run("hastctl", "status").output().contains("hast0\tcomplete primary"));
  }

  private static void interfaceDown(Lab lab, Node a, Node b) throws Exception {
    start(lab, "carpool-election");
    lab.await(
        "MASTER on hast-a and BACKUP on hast-b",
        Duration.ofSeconds(30),
        () ->
            carp(a).contains("carp: MASTER vhid 1 advbase 1 advskew 0")
                && carp(b).contains("carp: BACKUP vhid 1 advbase 1 advskew 100"));
    assertThat(shared(a)).isTrue();
    var began = System.nanoTime();

    Lab.must(a, "ip", "link", "set", "eth0", "down");

    lab.await("address on hast-b", Duration.ofSeconds(30), () -> shared(b));
    var took = Duration.ofNanos(System.nanoTime() - began);
    System.out.println("interface down: the address has moved after " + Client.seconds(took));
    // Three advertisements and the skew are 3.4 s; the rest is for asking on a busy machine.
    assertThat(took).isLessThan(Duration.ofSeconds(6));
    assertThat(shared(a)).as("two holders").isFalse();
    assertThat(lab.client.run("ping", "-c", "1", "-W", "2", "192.168.0.199").ok()).isTrue();

    Lab.must(a, "ip", "link", "set", "eth0", "up");
    lab.await(
        "the lowest skew has it again", Duration.ofSeconds(30), () -> shared(a) && !shared(b));
    assertThat(a.getLogs())
        .containsPattern("carp: 1@eth0: INIT -> BACKUP")
        .contains("BACKUP -> MASTER (preempting a slower master)");
    assertThat(b.getLogs()).contains("MASTER -> BACKUP (more frequent advertisement received)");
    assertThat(a.run("hastctl", "status").output()).contains("hast0\tcomplete primary");
  }

  private static String carp(Node node) {
    return node.run("carpool", "carp", "status").output();
  }

  private static boolean shared(Node node) {
    return node.run("ip", "-4", "-o", "addr").output().contains("192.168.0.199/");
  }

  /// `role init`, `create`, and the roles, for each disk; status is then `complete` on both.
  private static void rolesByHand(Lab lab) throws Exception {
    for (var node : lab.nodes()) {
      awaitDaemon(lab, node);
      for (var disk : DISKS) {
        silently(node, "hastctl", "role", "init", disk);
        silently(node, "hastctl", "create", disk);
        var role = node.nodeName().equals("hast1") ? "primary" : "secondary";
        silently(node, "hastctl", "role", role, disk);
      }
    }
    lab.await(
        "complete on both",
        Duration.ofSeconds(60),
        () -> table(lab.hast1, "primary") && table(lab.hast2, "secondary"));
    assertThat(lab.hast2.run("ls", "/dev/hast").output()).as("on the active node only").isEmpty();
  }

  /// The raidz1, the data set with its properties, and the page; sizes as in the talk, scaled: it
  /// had 19 of 30 GB to use, and a quota of 5.
  private static void poolAndDataset(Lab lab, Node node) throws Exception {
    lab.await(
        "devices",
        Duration.ofSeconds(30),
        () ->
            node.run(
                    "sh",
                    "-c",
                    "for d in disk1 disk2 disk3; do [ -s /dev/hast/$d ] || exit 1; done")
                .ok());
    Lab.must(
        node,
        "sh",
        "-ec",
        """
        zpool create -o cachefile=none zhast raidz1 /dev/hast/disk1 /dev/hast/disk2 /dev/hast/disk3
        zfs create zhast/data
        zfs set exec=off zhast/data
        zfs set setuid=off zhast/data
        zfs set compression=gzip-9 zhast/data
        zfs set quota=60M zhast/data
        dd if=/usr/libexec/carpool-lab/index.html of=/zhast/data/index.html conv=fsync
        """);
    var usable =
        Long.parseLong(
            node.run("zfs", "get", "-Hpo", "value", "available", "zhast").output().strip());
    assertThat(usable / (double) (384L << 20)).as("usable part").isBetween(0.5, 0.67);
    assertThat(
            node.run("zfs", "get", "-Ho", "value", "exec,setuid,compression,quota", "zhast/data")
                .output()
                .lines())
        .containsExactly("off", "off", "gzip-9", "60M");
    var program = "cp /bin/true /zhast/data/true && /zhast/data/true";
    assertThat(node.run("sh", "-c", program).ok()).as("noexec").isFalse();
    Lab.must(node, "rm", "/zhast/data/true");
  }

  /// G3: the pool is exported here, the roles are changed, and it is imported there.
  private static void failOverByHand(Lab lab, Node from, Node to) throws Exception {
    Lab.must(from, "zpool", "export", "zhast");
    for (var disk : DISKS) {
      silently(from, "hastctl", "role", "secondary", disk);
    }
    for (var disk : DISKS) {
      silently(to, "hastctl", "role", "primary", disk);
    }
    Lab.must(to, "zpool", "import", "-d", "/dev/hast", "-o", "cachefile=none", "zhast");
    var status = to.run("zpool", "status", "zhast").output();
    assertThat(status).contains("state: ONLINE", "errors: No known data errors");
    lab.await(
        "complete on both",
        Duration.ofSeconds(30),
        () -> table(to, "primary") && table(from, "secondary"));
    assertThat(to.run("cat", "/zhast/data/index.html").output()).contains("<h1>");
  }

  /// G1's `net.inet.carp.preempt=1`: the node with the lowest skew takes back when it starts, but
  /// only with a copy in step.
  private static void lowestSkewTakesBack(Lab lab) throws Exception {
    for (var node : lab.nodes()) {
      Lab.must(
          node,
          "sed",
          "-i",
          "s/preempt: false/preempt: true\\n    preempt-delay: 5s/",
          CARPOOL_YAML);
      Lab.must(node, "carpool", "reload");
    }
    lab.hast1.powerCut();
    lab.writer.writesAgain();
    lab.hast1.powerOn();

    lab.await("lowest skew serves", TAKEOVER, () -> lab.serves(lab.hast1));
    lab.awaitSteady();
    assertThat(lab.serves(lab.hast1)).as("once").isTrue();
    lab.writer.writesAgain();
  }

  /// Starts them on both nodes, now and after each reboot.
  private static void start(Lab lab, String... services) {
    for (var node : lab.nodes()) {
      Lab.must(node, "touch", "/data/enabled");
      for (var service : services) {
        Lab.must(node, "rm", "-f", "/run/service/" + service + "/down");
        Lab.must(node, "s6-svc", "-u", "/run/service/" + service);
      }
    }
  }

  private static void awaitDaemon(Lab lab, Node node) throws InterruptedException {
    lab.await("a daemon", Duration.ofMinutes(1), () -> node.run("hastctl", "status").ok());
  }

  /// It has pool and page, the other is secondary and in step.
  private static boolean servesAlone(Lab lab, Node node) {
    var other = lab.other(node);
    return table(node, "primary")
        && table(other, "secondary")
        && !other.run("zpool", "list", "-H", "zhast").ok()
        && lab.serves(node);
  }

  /// The lab's election, no pool, and the script at each change of CARP.
  private static String scriptOnly() {
    var lab = Lab.configuration();
    return Pattern.compile("^pools:.*", Pattern.MULTILINE | Pattern.DOTALL)
        .matcher(lab)
        .replaceFirst(
            """
            hooks:
              - { on: [master], run: [/usr/local/bin/failover, master], timeout: 120s }
              - { on: [backup, init], run: [/usr/local/bin/failover, slave], timeout: 120s }
            """)
        .replace("172.30.1.", Lab.LAN + ".");
  }

  private static void put(Node node, String path, String text) {
    node.copyFileToContainer(Transferable.of(text), path);
  }

  private static void silently(Node node, String... command) {
    var outcome = node.run(command);
    assertThat(outcome).as(String.join(" ", command)).isEqualTo(new Node.Outcome(0, "", ""));
  }

  /// Whether `hastctl status` shows three disks that are complete in this role.
  private static boolean table(Node node, String role) {
    var complete = " complete " + role;
    return node.run("hastctl", "status")
            .output()
            .lines()
            .map(line -> line.replaceAll("\\s+", " "))
            .filter(line -> line.contains(complete))
            .count()
        == DISKS.size();
  }
}
