package carpool.orchestrator.pool;

import carpool.orchestrator.exec.CommandResult;
import carpool.orchestrator.exec.Commands;
import carpool.orchestrator.pool.PoolException.Kind;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/// A ZFS pool by zpool(8), of OpenZFS or zfs-fuse.
///
/// Imports name the device directory and no cache file: a cache file would let ZFS import the pool
/// at boot, without any question about who may write. By GUID, so that a pool of the same name on
/// other disks is never taken. With `-f` only when ZFS asks for it: the caller holds the right to
/// write, and the other node's host id in the labels is what a crash leaves.
public final class ZfsPool implements PoolAccess {
  private final String name;
  private final Path deviceDir;
  private final Optional<Path> altroot;
  private final List<String> loadKey;

  /// @param loadKey command that loads the keys of encrypted datasets; empty: `zfs load-key`, from
  ///   where their `keylocation` says
  /// @param altroot where the pool's mount points are rooted; empty: as the datasets say
  public ZfsPool(String name, Path deviceDir, Optional<Path> altroot, List<String> loadKey) {
    this.loadKey = List.copyOf(loadKey);
    this.name = name;
    this.deviceDir = deviceDir;
    this.altroot = altroot;
  }

  @Override
  public PoolReading read(Duration limit, Commands.Handle handle)
      throws PoolException, InterruptedException {
    var commands = new PoolCommands(limit, handle);
    var list = commands.succeed(List.of("zpool", "list", "-H", "-o", "name,health,guid"));
    var row = ZpoolText.rows(list.out(), 3).stream().filter(r -> r.name().equals(name)).findFirst();
    if (row.isEmpty()) {
      return PoolReading.ABSENT;
    }
    var health = row.get().values().getFirst();
    var status = commands.run(List.of("zpool", "status", name));
    if (status.done()) {
      var parsed = ZpoolText.status(status.out());
      if (parsed.suspended()) {
        health = "SUSPENDED";
      } else if (!parsed.state().isEmpty()) {
        health = parsed.state();
      }
    }
    var size = 0L;
    var free = 0L;
    var mountpoint = "";
    if (!health.equals("SUSPENDED") && !health.equals("FAULTED")) {
      // Of the file system, which is what clients can use; a pool in trouble is not asked.
      var space =
          commands.run(
              List.of(
                  "zfs",
                  "get",
                  "-H",
                  "-p",
                  "-o",
                  "property,value",
                  "used,available,mountpoint",
                  name));
      for (var property : ZpoolText.rows(space.out(), 2)) {
        var value = property.values().getFirst();
        switch (property.name()) {
          case "used" -> size += number(value);
          case "available" -> {
            free = number(value);
            size += free;
          }
          case "mountpoint" -> mountpoint = value;
          default -> {}
        }
      }
    }
    if (health.equals("ONLINE") && !unmounted(commands).isEmpty()) {
      health = PoolReading.UNMOUNTED;
    }
    return new PoolReading(true, health, row.get().values().get(1), size, free, mountpoint);
  }

  /// Datasets that should be mounted by their properties and are not.
  private List<ZpoolText.Dataset> unmounted(PoolCommands commands)
      throws PoolException, InterruptedException {
    return datasets(commands).stream().filter(ZpoolText.Dataset::missing).toList();
  }

  private boolean stillUnmounted(PoolCommands commands, String dataset)
      throws PoolException, InterruptedException {
    return unmounted(commands).stream().anyMatch(other -> other.name().equals(dataset));
  }

  private List<ZpoolText.Dataset> datasets(PoolCommands commands)
      throws PoolException, InterruptedException {
    var list = commands.run(listing("name,canmount,mountpoint,mounted,keystatus"));
    if (!list.done()) {
      // zfs-fuse, and OpenZFS before 0.8, know no encryption.
      list = commands.succeed(listing("name,canmount,mountpoint,mounted"));
    }
    return ZpoolText.datasets(list.out());
  }

  private List<String> listing(String columns) {
    return List.of("zfs", "list", "-H", "-t", "filesystem", "-r", "-o", columns, name);
  }

  /// Every dataset that should be mounted is mounted afterwards. An import does not fail for one
  /// that is not, and what a service writes would go to the file system below.
  private void mountAll(PoolCommands commands) throws PoolException, InterruptedException {
    if (datasets(commands).stream().anyMatch(ZpoolText.Dataset::locked)) {
      // From where `keylocation` says, or by the configured command.
      var key = commands.run(loadKey.isEmpty() ? List.of("zfs", "load-key", "-r", name) : loadKey);
      if (!key.done()) {
        throw new PoolException(
            Kind.FAILED,
            "cannot load the keys of pool " + name + ": " + key.problem(),
            "set keylocation to a file that both nodes have, or load-key of the pool in"
                + " carpool.yaml to a command that loads the keys");
      }
    }
    for (var dataset : unmounted(commands)) {
      if (dataset.locked()) {
        throw new PoolException(
            Kind.FAILED,
            "cannot mount " + dataset.name() + ": its key is not loaded",
            "make load-key of the pool in carpool.yaml load it");
      }
      var mount = commands.run(List.of("zfs", "mount", dataset.name()));
      // An operator who creates datasets in a pool that was just made may have mounted it first.
      if (!mount.done() && stillUnmounted(commands, dataset.name())) {
        var said = firstLine(mount);
        throw new PoolException(
            Kind.FAILED,
            "cannot mount dataset "
                + dataset.name()
                + " at "
                + dataset.mountpoint()
                + ": "
                + said.substring(said.lastIndexOf(": ") + 1).strip(),
            said.contains("not empty")
                ? "move what is in "
                    + dataset.mountpoint()
                    + " away: it lies on the file system below; then carpool pool import "
                    + name
                : "try zfs mount " + dataset.name() + " by hand");
      }
    }
  }

  @Override
  public String bring(Duration limit, Commands.Handle handle)
      throws PoolException, InterruptedException {
    var commands = new PoolCommands(limit, handle);
    var said = importIt(commands, handle);
    mountAll(commands);
    return said;
  }

  /// One import, and nothing before it: each `zpool import` reads the labels of all devices, and
  /// with `multihost=on` waits for signs of another host, so that a look, a polite import and one
  /// by force would not fit into the step's time. Force is right at once: the devices exist on the
  /// primary only, and that a crashed node used the pool last is no reason to wait.
  private String importIt(PoolCommands commands, Commands.Handle handle)
      throws PoolException, InterruptedException {
    // What a killed zfs-fuse leaves would be in the way of the mounts.
    Mounts.takeAwayDead(commands, this::ofPool);
    var imported = commands.run(importing());
    if (imported.done()) {
      return "";
    }
    if (read(commands.left(), handle).here()) {
      // By somebody before us; or now, and what is not mounted yet is mounted next, or named.
      return "imported already";
    }
    throw notImported(commands, imported);
  }

  /// Looks at what is there only now that it matters.
  private PoolException notImported(PoolCommands commands, CommandResult imported)
      throws PoolException, InterruptedException {
    var scan = commands.run(List.of("zpool", "import", "-d", deviceDir.toString()));
    var offers = ZpoolText.offers(scan.out()).stream().filter(o -> o.name().equals(name)).toList();
    if (offers.isEmpty()) {
      return new PoolException(
          Kind.NOT_FOUND,
          "no pool " + name + " on the devices in " + deviceDir,
          "make it: zpool create -o cachefile=none "
              + name
              + " … (devices are in "
              + deviceDir
              + "); it is then served by itself");
    }
    if (offers.size() > 1) {
      return new PoolException(
          Kind.FAILED,
          offers.size() + " pools named " + name + " on the devices in " + deviceDir,
          "import the right one by its id: "
              + String.join(", ", offers.stream().map(ZpoolText.Offer::guid).toList()));
    }
    return new PoolException(Kind.FAILED, imported.problem(), importHint(offers.getFirst()));
  }

  private List<String> importing() {
    var argv = new ArrayList<>(List.of("zpool", "import", "-f"));
    argv.addAll(List.of("-d", deviceDir.toString()));
    argv.addAll(List.of("-o", "cachefile=none"));
    altroot.ifPresent(root -> argv.addAll(List.of("-R", root.toString())));
    argv.add(name);
    return argv;
  }

  private static String importHint(ZpoolText.Offer offer) {
    return offer.state().equals("ONLINE")
        ? "try zpool import by hand and look at what it says"
        : "the pool is " + offer.state() + ": " + offer.status();
  }

  private static String firstLine(CommandResult result) {
    var said = result.err().isBlank() ? result.out() : result.err();
    return said.lines().findFirst().orElse("").strip();
  }

  @Override
  public String release(boolean force, Duration limit, Commands.Handle handle)
      throws PoolException, InterruptedException {
    var commands = new PoolCommands(limit, handle);
    // zfs-fuse refuses to export a busy pool even with -f, and OpenZFS may.
    var killed = force ? killUsers() : "";
    var export =
        commands.run(
            force ? List.of("zpool", "export", "-f", name) : List.of("zpool", "export", name));
    if (export.done() || !read(commands.left(), handle).here()) {
      return killed.isEmpty() ? "" : "killed " + killed;
    }
    throw new PoolException(
        Kind.FAILED,
        export.problem(),
        "something still uses the pool: fuser -vm its mount point, and stop that");
  }

  private String killUsers() throws PoolException {
    return MountUsers.kill(
        Mounts.all().stream()
            .filter(this::ofPool)
            .map(Mounts.Mount::device)
            .collect(Collectors.toSet()));
  }

  @Override
  public void clear(Duration limit, Commands.Handle handle)
      throws PoolException, InterruptedException {
    var _ = new PoolCommands(limit, handle).succeed(List.of("zpool", "clear", name));
  }

  @Override
  public void detach(Duration limit, Commands.Handle handle)
      throws PoolException, InterruptedException {
    // Exporting without devices hangs; mounts whose file system has died can at least be removed.
    Mounts.takeAwayDead(new PoolCommands(limit, handle), this::ofPool);
  }

  /// The source of a ZFS mount is its dataset.
  private boolean ofPool(Mounts.Mount mount) {
    return mount.source().equals(name) || mount.source().startsWith(name + "/");
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException _) {
      // "-" where ZFS has no value.
      return 0;
    }
  }
}
