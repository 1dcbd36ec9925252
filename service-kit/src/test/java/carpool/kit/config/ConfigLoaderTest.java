package carpool.kit.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.kit.config.CarpoolConfig.DeviceKind;
import carpool.kit.config.CarpoolConfig.LogFormat;
import carpool.kit.config.CarpoolConfig.LogLevel;
import carpool.kit.config.CarpoolConfig.LogSettings;
import carpool.kit.config.ElectionGroup.MacKind;
import carpool.kit.config.ElectionGroup.SigningKey;
import carpool.kit.config.ElectionGroup.VipTime;
import carpool.kit.config.PoolConfig.ServiceConfig;
import carpool.kit.config.PoolConfig.Timeouts;
import carpool.kit.config.ReplicatorSettings.SplitBrainPolicy;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ConfigLoaderTest {
  private static final Path GUIDE = Path.of("src/test/resources/config/guides/g1-g3.conf");

  @TempDir Path directory;

  static List<CaseFile.Case> badFiles() throws Exception {
    var directory = Files.createTempDirectory("carpool-config");
    return CaseFile.read("config/bad-yaml.txt").cases(one -> problems(one, directory));
  }

  private static List<String> problems(CaseFile.Case one, Path directory) throws Exception {
    Files.writeString(
        directory.resolve("bad.conf"), "resource disk1 { on hast1 { remote none } }\n");
    var yaml = one.input().replace("DIR", directory.toString());
    if (!yaml.contains("hast:") && yaml.contains(": ")) {
      yaml = yaml + "hast: " + GUIDE.toAbsolutePath() + "\n";
    }
    var file = directory.resolve("carpool.yaml");
    Files.writeString(file, yaml);
    try {
      ConfigLoader.load(file, Optional.of("hast1"));
      return List.of();
    } catch (ConfigException e) {
      return e.problems().stream()
          .map(p -> p.toString().replace(directory.toString(), "DIR"))
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("badFiles")
  void badFileIsRefusedWithEveryProblem(CaseFile.Case one) throws Exception {
    assertThat(problems(one, directory)).isNotEmpty().isEqualTo(one.expected());
  }

  @Test
  void everyKeyOfTheDesignIsRead() throws Exception {
    Files.writeString(directory.resolve("secret"), "hush\nsecond line\n");
    var loaded =
        load(
            """
            cluster: storage
            hast: %s
            runtime-dir: /run/c
            state-dir: /var/c
            device-dir: /dev/c
            device: nbdfuse
            control: { listen: 127.0.0.1:8460, operators: [admin.example.org] }
            metrics: { listen: { hast1: "[::1]:9460", hast2: 127.0.0.2:9460 } }
            nbd: { listen: 10.0.0.1:10809 }
            log: { format: json, level: debug }
            replicator: { block-port: 9000, keepalive: 500ms, dead-after: 2s, hold: 2m, sync-rate: 10MiB/s, split-brain: keep-latest-write }
            election:
              - name: storage
                interface: { hast1: em0, hast2: igb0 }
                vhid: 1
                password: "@#4tr051"
                addresses: [192.168.3.50/24, "2001:db8::50/64"]
                advbase: 2
                advskew: { hast1: 0, hast2: 100 }
                preempt: true
                preempt-delay: 0s
                peers: [10.0.0.1, 10.0.0.2]
                vip: when-ready
                mac: virtual
                reachable: [192.168.3.1]
              - { name: second, interface: em1, vhid: 2, password-file: %s, addresses: [10.1.0.1/24] }
              - { name: third, interface: em1, vhid: 3, key: "00112233445566778899AABBCCDDEEFF00112233", addresses: [10.1.0.2/24] }
            pools:
              - name: zhast
                follows: storage
                type: zfs
                resources: [disk1, disk2]
                last-resort: [systemctl, reboot, -ff]
                fail-window: 30m
                on-disk-failure: ignore
                hold-shutdown: 0s
                load-key: [zfs, load-key, zhast]
                services:
                  - { name: nginx, start: [systemctl, start, nginx], stop: [systemctl, stop, nginx], check: [curl, -fsS, http://127.0.0.1/], on-failure: restart, timeout: 10s, interval: 1s }
                timeouts: { promote: 1s, device: 2s, import: 3s, export: 4s, demote: 5s }
              - name: home
                follows: second
                type: filesystem
                resources: [disk3]
                mountpoint: /mnt/hast0
                fsck: [fsck, -p]
                fstype: ext4
            fencing: { run: [/usr/local/sbin/fence], timeout: 20s }
            hooks:
              - { on: [split-brain, sync-complete], run: [/usr/local/sbin/page-me], timeout: 5s }
            """
                .formatted(GUIDE.toAbsolutePath(), directory.resolve("secret")),
            "hast1");

    assertThat(loaded.node()).isEqualTo(new NodeName("hast1"));
    assertThat(loaded.config())
        .isEqualTo(
            new CarpoolConfig(
                "storage",
                GUIDE.toAbsolutePath(),
                Path.of("/run/c"),
                Path.of("/var/c"),
                Path.of("/dev/c"),
                DeviceKind.NBDFUSE,
                Optional.empty(),
                Optional.of(new HostPort("127.0.0.1", 8460)),
                List.of("admin.example.org"),
                Optional.of(new HostPort("::1", 9460)),
                new LogSettings(LogFormat.JSON, LogLevel.DEBUG),
                new ReplicatorSettings(
                    9000,
                    Duration.ofMillis(500),
                    Duration.ofSeconds(2),
                    Duration.ofMinutes(2),
                    new Rate(10 << 20),
                    SplitBrainPolicy.KEEP_LATEST_WRITE),
                Optional.of(new HostPort("10.0.0.1", 10809)),
                List.of(
                    new ElectionGroup(
                        "storage",
                        "em0",
                        1,
                        new SigningKey(Optional.of(new Secret("@#4tr051")), Optional.empty()),
                        List.of(cidr("192.168.3.50", 24), cidr("2001:db8::50", 64)),
                        2,
                        0,
                        true,
                        Duration.ZERO,
                        List.of(
                            InetAddress.ofLiteral("10.0.0.1"), InetAddress.ofLiteral("10.0.0.2")),
                        VipTime.WHEN_READY,
                        MacKind.VIRTUAL,
                        Optional.of(List.of(InetAddress.ofLiteral("192.168.3.1"))),
                        Optional.empty()),
                    group(
                        "second",
                        2,
                        new SigningKey(Optional.of(new Secret("hush")), Optional.empty()),
                        "10.1.0.1"),
                    group(
                        "third",
                        3,
                        new SigningKey(
                            Optional.empty(),
                            Optional.of(new Secret("00112233445566778899AABBCCDDEEFF00112233"))),
                        "10.1.0.2")),
                List.of(
                    new PoolConfig(
                        "zhast",
                        "storage",
                        PoolConfig.Kind.ZFS,
                        List.of("disk1", "disk2"),
                        Optional.empty(),
                        List.of(),
                        Optional.empty(),
                        List.of("systemctl", "reboot", "-ff"),
                        List.of("zfs", "load-key", "zhast"),
                        List.of(
                            new ServiceConfig(
                                "nginx",
                                List.of("systemctl", "start", "nginx"),
                                List.of("systemctl", "stop", "nginx"),
                                List.of("curl", "-fsS", "http://127.0.0.1/"),
                                PoolConfig.OnFailure.RESTART,
                                Duration.ofSeconds(10),
                                Duration.ofSeconds(1))),
                        PoolConfig.OnDiskFailure.IGNORE,
                        Duration.ZERO,
                        Duration.ofMinutes(30),
                        new Timeouts(
                            Duration.ofSeconds(1),
                            Duration.ofSeconds(2),
                            Duration.ofSeconds(3),
                            Duration.ofSeconds(4),
                            Duration.ofSeconds(5))),
                    new PoolConfig(
                        "home",
                        "second",
                        PoolConfig.Kind.FILESYSTEM,
                        List.of("disk3"),
                        Optional.of(Path.of("/mnt/hast0")),
                        List.of("fsck", "-p"),
                        Optional.of("ext4"),
                        List.of(),
                        List.of(),
                        List.of(),
                        PoolConfig.OnDiskFailure.SWITCHOVER,
                        Duration.ofSeconds(60),
                        Duration.ofHours(1),
                        new Timeouts(
                            Duration.ofSeconds(10),
                            Duration.ofSeconds(10),
                            Duration.ofSeconds(60),
                            Duration.ofSeconds(20),
                            Duration.ofSeconds(10)))),
                Optional.of(
                    new CarpoolConfig.Fencing(
                        List.of("/usr/local/sbin/fence"), Duration.ofSeconds(20))),
                Optional.empty(),
                List.of(
                    new HookConfig(
                        List.of("split-brain", "sync-complete"),
                        List.of("/usr/local/sbin/page-me"),
                        Duration.ofSeconds(5)))));
  }

  /// What the machine that the check runs on has, and what the group wants of it.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "em0 | 192.168.3.50/24 |",
        "em0 | 2001:db8::50/64 |",
        "em0 | 10.9.9.9/32 |",
        "em1 | 192.168.3.50/24 |", // no address yet
        "em0 | 2001:db8:1::50/64 | in none of the subnets of em0",
        "em0 | 10.1.0.50/24 | in none of the subnets of em0",
        "eth0 | 192.168.3.50/24 | no interface of this machine, 'eth0'"
      })
  void interfaceAndSubnetsAreComparedWithTheMachine(
      String interfaceName, String address, String problem) throws Exception {
    var file = directory.resolve("carpool.yaml");
    Files.writeString(
        file,
        "cluster: c\nhast: %s\nelection:\n - { name: g, interface: %s, vhid: 1, password: a, addresses: ['%s'] }\n"
            .formatted(GUIDE.toAbsolutePath(), interfaceName, address));
    var machine =
        new LocalInterfaces(
            Map.of(
                "em0", List.of(cidr("192.168.3.11", 24), cidr("2001:db8::11", 64)),
                "em1", List.of()));

    if (problem == null) {
      assertThat(ConfigLoader.check(file, HostIdentity.named("hast1"), machine)).isNotNull();
    } else {
      assertThatThrownBy(() -> ConfigLoader.check(file, HostIdentity.named("hast1"), machine))
          .hasMessageContaining(problem);
    }
    assertThat(ConfigLoader.load(file, HostIdentity.named("hast1")))
        .as("a service waits for what is missing")
        .isNotNull();
  }

  @Test
  void aThirdNodeIsRefusedAndNamesThatAreThereAreSaid() throws Exception {
    var hast = directory.resolve("three.conf");
    Files.writeString(
        hast,
        """
        resource disk1 {
          on hast1 { local /dev/ad1 remote hast2 }
          on hast2 { local /dev/ad1 remote hast1 }
          on hast3 { local /dev/ad1 remote hast1 }
        }
        """);

    assertThatThrownBy(() -> load("cluster: c\nhast: " + hast, "hast1"))
        .hasMessageContaining(":4:6: a third node, hast3, in resource disk1");
    assertThatThrownBy(() -> load("cluster: c\nhast: " + GUIDE.toAbsolutePath(), "nowhere"))
        .hasMessageContaining("--node with a name that is there: hast1, hast2");
  }

  @Test
  void onlyTheClusterMustBeGiven() throws Exception {
    var config = load("cluster: storage\nhast: " + GUIDE.toAbsolutePath(), "hast2").config();

    assertThat(config)
        .isEqualTo(
            new CarpoolConfig(
                "storage",
                GUIDE.toAbsolutePath(),
                Path.of("/run/carpool"),
                Path.of("/var/lib/carpool"),
                Path.of("/dev/hast"),
                DeviceKind.AUTO,
                Optional.empty(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                new LogSettings(LogFormat.TEXT, LogLevel.INFO),
                new ReplicatorSettings(
                    8458,
                    Duration.ofSeconds(1),
                    Duration.ofSeconds(3),
                    Duration.ofSeconds(30),
                    Rate.UNLIMITED,
                    SplitBrainPolicy.NONE),
                Optional.empty(),
                List.of(),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                List.of()));
  }

  @Test
  void digestIsTheSameOnBothNodesWhateverTheLayoutAndTheLocalPlaces() throws Exception {
    var hast = "hast: " + GUIDE.toAbsolutePath() + "\n";
    var group =
        "election:\n - {name: g, interface: e, vhid: 1, password: %s, addresses: [10.0.0.1/24]}\n";
    var one = load("cluster: c\n" + hast + group.formatted("a"), "hast1");
    var two =
        load(
            group.formatted("b") + "runtime-dir: /elsewhere # comment\n" + hast + "cluster: 'c'",
            "hast2");
    var three = load("cluster: d\n" + hast + group.formatted("a"), "hast1");

    assertThat(two.digest()).isEqualTo(one.digest()).hasSize(64);
    assertThat(three.digest()).isNotEqualTo(one.digest());
  }

  @Test
  void secretIsNeverShown() throws Exception {
    var loaded =
        load(
            "cluster: c\nhast: "
                + GUIDE.toAbsolutePath()
                + "\nelection: [{name: g, interface: e, vhid: 1, password: hush, addresses: [10.0.0.1/24]}]",
            "hast1");

    assertThat(loaded.toString()).doesNotContain("hush").contains("***");
  }

  private LoadedConfig load(String yaml, String node) throws Exception {
    var file = directory.resolve("carpool.yaml");
    Files.writeString(file, yaml);
    return ConfigLoader.load(file, Optional.of(node));
  }

  private static Cidr cidr(String address, int prefix) {
    return new Cidr(InetAddress.ofLiteral(address), prefix);
  }

  private static ElectionGroup group(String name, int vhid, SigningKey key, String address) {
    return new ElectionGroup(
        name,
        "em1",
        vhid,
        key,
        List.of(cidr(address, 24)),
        1,
        0,
        false,
        Duration.ofSeconds(60),
        List.of(),
        VipTime.WITH_MASTER,
        MacKind.REAL,
        Optional.empty(),
        Optional.empty());
  }
}
