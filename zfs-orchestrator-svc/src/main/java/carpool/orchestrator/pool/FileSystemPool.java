package carpool.orchestrator.pool;

import carpool.orchestrator.exec.Commands;
import carpool.orchestrator.pool.PoolException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A plain file system on one resource: fsck, mount, umount.
public final class FileSystemPool implements PoolAccess {
  /// fsck(8): 1 and 2 mean that errors were corrected.
  private static final int FSCK_CORRECTED_MAX = 3;

  private final Path device;
  private final Path mountpoint;
  private final List<String> fsck;
  private final Optional<String> fstype;

  /// @param device the resource's device node
  /// @param fsck the device is appended; empty: no check
  /// @param fstype empty: mount finds out
  public FileSystemPool(Path device, Path mountpoint, List<String> fsck, Optional<String> fstype) {
    this.device = device;
    this.mountpoint = mountpoint;
    this.fsck = fsck;
    this.fstype = fstype;
  }

  @Override
  public PoolReading read(Duration limit, Commands.Handle handle)
      throws PoolException, InterruptedException {
    var mount = mounted();
    if (mount.isEmpty()) {
      return PoolReading.ABSENT;
    }
    // In a child: a file system without its device may hang for good.
    var space =
        new PoolCommands(limit, handle)
            .run(List.of("stat", "-f", "-c", "%S %b %a", mountpoint.toString()));
    var fields = List.of(space.out().strip().split(" ", -1));
    if (!space.done() || fields.size() != 3) {
      return new PoolReading(true, "FAULTED", "", 0, 0, mountpoint.toString());
    }
    // Remounted read-only by the kernel after an error (errors=remount-ro).
    var health = mount.get().options().contains("ro") ? "FAULTED" : "ONLINE";
    var block = Long.parseLong(fields.get(0));
    return new PoolReading(
        true,
        health,
        "",
        block * Long.parseLong(fields.get(1)),
        block * Long.parseLong(fields.get(2)),
        mountpoint.toString());
  }

  @Override
  public String bring(Duration limit, Commands.Handle handle)
      throws PoolException, InterruptedException {
    if (mounted().isPresent()) {
      return "mounted already";
    }
    var commands = new PoolCommands(limit, handle);
    var said = "";
    if (!fsck.isEmpty()) {
      var argv = new ArrayList<>(fsck);
      argv.add(device.toString());
      var check = commands.run(argv);
      if (check.exit() < 0 || check.exit() > FSCK_CORRECTED_MAX) {
        throw new PoolException(
            Kind.FAILED, check.problem(), "check the file system by hand: fsck " + device);
      }
      said = "fsck " + check.took().toMillis() + " ms" + (check.exit() > 0 ? ", corrected" : "");
    }
    try {
      Files.createDirectories(mountpoint);
    } catch (IOException e) {
      throw new PoolException(Kind.FAILED, "cannot make " + mountpoint + ": " + e.getMessage(), "");
    }
    var argv = new ArrayList<>(List.of("mount"));
    fstype.ifPresent(type -> argv.addAll(List.of("-t", type)));
    argv.addAll(List.of(device.toString(), mountpoint.toString()));
    var _ = commands.succeed(argv);
    return said;
  }

  @Override
  public String release(boolean force, Duration limit, Commands.Handle handle)
      throws PoolException, InterruptedException {
    var commands = new PoolCommands(limit, handle);
    if (mounted().isEmpty()) {
      return "";
    }
    // Whoever still uses it would keep it mounted.
    var killed = force ? MountUsers.kill(mountpoint.toString()) : "";
    var argv = new ArrayList<>(List.of("umount"));
    if (force) {
      argv.add("-f");
    }
    argv.add(mountpoint.toString());
    var umount = commands.run(argv);
    if (umount.done() || mounted().isEmpty()) {
      return killed.isEmpty() ? "" : "killed " + killed;
    }
    throw new PoolException(
        Kind.FAILED, umount.problem(), "fuser -vm " + mountpoint + " shows who uses it");
  }

  @Override
  public void clear(Duration limit, Commands.Handle handle) {
    // A file system that failed stays so until it is mounted anew.
  }

  @Override
  public void detach(Duration limit, Commands.Handle handle)
      throws PoolException, InterruptedException {
    if (mounted().isPresent()) {
      var _ =
          new PoolCommands(limit, handle).succeed(List.of("umount", "-l", mountpoint.toString()));
    }
  }

  /// The innermost mount on the mount point, if any.
  private Optional<Mounts.Mount> mounted() throws PoolException {
    return Mounts.all().reversed().stream()
        .filter(mount -> mount.target().equals(mountpoint.toString()))
        .findFirst();
  }
}
