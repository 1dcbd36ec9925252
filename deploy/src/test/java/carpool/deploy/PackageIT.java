package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.Device;
import com.github.dockerjava.api.model.Volume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;
import org.testcontainers.utility.MountableFile;

/// The Debian package on a clean Debian 13 with systemd: installing starts nothing; configured as
/// the guide says, its units serve a pool under the shared address; removing it stops them.
@Tag("e2e")
class PackageIT {
  private static final String IMAGE = "carpool-debian13";
  private static final String SERVICES = "carpool-replicator carpool-election carpool-orchestrator";
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private static final String CONFIGURE =
      """
      set -e
      mkdir /srv/disks
      for d in 1 2 3; do
        truncate -s 128M /srv/disks/disk$d.img
        echo "resource disk$d { on $(hostname) { local /srv/disks/disk$d.img remote none } }"
      done >/etc/hast.conf
      address=$(ip -4 -o addr show eth0 | awk '{ print $4 }')
      shared=${address%.*}.250
      cat >/etc/carpool/carpool.yaml <<YAML
      cluster: test
      device: nbdfuse
      election:
        - { name: storage, interface: eth0, vhid: 77, password: secret, addresses: [$shared/${address#*/}] }
      pools:
        - name: zhast
          follows: storage
          resources: [disk1, disk2, disk3]
          services:
            - name: nginx
              start: [systemctl, start, nginx]
              stop: [systemctl, stop, nginx]
              check: [curl, -fsS, -o, /dev/null, "http://$shared/"]
      YAML
      sed -i "s|/var/www/html|/zhast/data|" /etc/nginx/sites-available/default
      mkdir -p /run/lock /run/zfs
      systemd-run -q --unit=zfs zfs-fuse -n --no-kstat-mount
      carpool config check
      carpool create disk1 disk2 disk3
      echo "$shared" >/root/shared
      """;

  private static final String MAKE_POOL =
      """
      set -e
      zpool create -o cachefile=none zhast raidz1 /dev/hast/disk1 /dev/hast/disk2 /dev/hast/disk3
      zfs create -o compression=gzip-9 zhast/data
      echo 'served by the package' | dd of=/zhast/data/index.html conv=fsync
      carpool pool import zhast
      """;

  @Test
  void installedPackageServesAPoolUnderItsHardenedUnits() throws Exception {
    assumeTrue(imageIsThere(), "no image " + IMAGE + ": deploy/test makes it");
    try (var machine = machine()) {
      try {
        machine.start();
        installedPackageServes(machine);
      } catch (Exception | AssertionError e) {
        collect(machine);
        throw e;
      }
    }
  }

  /// What the machine can tell, for a failure.
  private static void collect(Machine machine) throws IOException {
    var directory = Files.createDirectories(Path.of("target", "e2e", "package"));
    for (var command : List.of("journalctl --no-pager", "carpool status", "carpool timeline")) {
      Files.writeString(directory.resolve(command.replace(' ', '-')), out(machine, command));
    }
  }

  private static void installedPackageServes(Machine machine) throws Exception {
    Lab.await(
        "systemd",
        PATIENCE,
        () -> out(machine, "systemctl is-system-running").matches("(running|degraded)\\n"),
        machine::getLogs);

    // Installing starts nothing and enables nothing, with or without a configuration.
    assertThat(out(machine, "dpkg -i /root/carpool.deb 2>&1")).contains("Setting up carpool");
    assertThat(out(machine, "systemctl is-active " + SERVICES))
        .doesNotContain("\nactive", "failed");
    assertThat(out(machine, "systemctl is-enabled " + SERVICES))
        .isEqualTo("disabled\ndisabled\ndisabled\n");
    assertThat(out(machine, "systemctl start " + SERVICES + "; systemctl is-active " + SERVICES))
        .isEqualTo("inactive\ninactive\ninactive\n");
    assertThat(out(machine, "carpool --version")).startsWith("carpool ");
    for (var page : List.of("carpool", "carpool-switchover")) {
      assertThat(out(machine, "MANPAGER=cat man " + page)).contains("NAME", page, "SYNOPSIS");
    }
    assertThat(out(machine, "ls /dev/hast /etc/carpool")).contains("carpool.yaml.example");

    must(machine, CONFIGURE);
    must(machine, "systemctl enable --now " + SERVICES);
    Lab.await(
        "devices",
        PATIENCE,
        () -> ok(machine, "for d in 1 2 3; do [ -s /dev/hast/disk$d ] || exit 1; done"),
        () -> out(machine, "carpool status; journalctl --no-pager -n 60"));
    must(machine, MAKE_POOL);
    Lab.await(
        "page",
        PATIENCE,
        () -> out(machine, "curl -fsS http://$(cat /root/shared)/").contains("by the package"),
        () -> out(machine, "carpool status; journalctl --no-pager -n 60"));
    for (var service : SERVICES.split(" ", -1)) {
      var pid = "$(systemctl show -p MainPID --value " + service + ")";
      assertThat(out(machine, "grep -h NoNewPrivs /proc/" + pid + "/status"))
          .as(service)
          .isEqualTo("NoNewPrivs:\t1\n");
    }

    // An upgrade leaves the pool where it is; removal gives it up first.
    must(machine, "dpkg -i /root/carpool.deb");
    assertThat(out(machine, "zpool list -H -o name")).isEqualTo("zhast\n");
    must(machine, "dpkg -r carpool");
    assertThat(out(machine, "zpool list -H -o name")).isEmpty();
    assertThat(ok(machine, "pgrep -x java")).isFalse();
    assertThat(ok(machine, "test -e /etc/carpool/carpool.yaml && test -e /srv/disks/disk1.img"))
        .isTrue();
  }

  private static final class Machine extends GenericContainer<Machine> {
    Machine() {
      super(DockerImageName.parse(IMAGE));
    }

    @Override
    protected void containerIsStarted(InspectContainerResponse info, boolean reused) {
      // Readiness is what the test waits for itself.
    }
  }

  private static boolean imageIsThere() {
    try {
      DockerClientFactory.instance().client().inspectImageCmd(IMAGE).exec();
      return true;
    } catch (NotFoundException _) {
      return false;
    }
  }

  private static Machine machine() throws Exception {
    Path deb;
    try (var files = Files.list(Path.of("target"))) {
      deb = files.filter(file -> file.toString().endsWith("_all.deb")).findFirst().orElseThrow();
    }
    return new Machine()
        .withLabels(Lab.labels())
        .withTmpFs(Map.of("/run", "exec", "/run/lock", ""))
        .withEnv(
            "SYSTEMD_PROC_CMDLINE",
            "systemd.unified_cgroup_hierarchy=0 SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE=1")
        .withCopyFileToContainer(MountableFile.forHostPath(deb), "/root/carpool.deb")
        .withCreateContainerCmdModifier(command -> {
          var host = command.getHostConfig();
          if (host != null) {
            // Not by Testcontainers, which would look for an image of its own to try it with.
            host.withBinds(new Bind("/sys/fs/cgroup", new Volume("/sys/fs/cgroup"), AccessMode.ro))
                .withCapAdd(Capability.NET_ADMIN, Capability.SYS_ADMIN)
                .withSecurityOpts(List.of("apparmor:unconfined"))
                .withDevices(new Device("rwm", "/dev/fuse", "/dev/fuse"));
          }
        });
  }

  private static void must(Machine machine, String script) throws Exception {
    var result = machine.execInContainer("bash", "-c", script);
    assertThat(result.getExitCode())
        .as("%s%n%s%s", script, result.getStdout(), result.getStderr())
        .isZero();
  }

  private static boolean ok(Machine machine, String script) {
    try {
      return machine.execInContainer("bash", "-c", script).getExitCode() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static String out(Machine machine, String script) {
    try {
      return machine.execInContainer("bash", "-c", script).getStdout();
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "";
    }
  }
}
