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
import java.util.Set;

/// A plain file system on one resource: fsck, mount, umount.
public final class FileSystemPool implements PoolAccess {
  /// fsck(8): 1 and 2 mean that errors were corrected.
  private static final int FSCK_CORRECTED_MAX = 3;

  private final Path device;
  private final Path mountpoint;
  private final Path record;
  private final List<String> fsck;
  private final Optional<String> fstype;

  /// @param device the resource's device node
  /// @param fsck the device is appended; empty: no check
  /// @param fstype empty: mount finds out
  /// @param record file that holds the number of the device that was mounted, for the time after
  ///   the device has gone; lost at a reboot, as the mount is
  public FileSystemPool(
      Path device, Path mountpoint, List<String> fsck, Optional<String> fstype, Path record) {
    this.device = device;
    this.mountpoint = mountpoint;
    this.record = record;
    this.fsck = fsck;
    this.fstype = fstype;
  }

  @Override
  public PoolReading read(Duration limit, Commands.Handle handle)
      throws PoolException, InterruptedException {
    var commands = new PoolCommands(limit, handle);
    var mount = mounted(commands);
    if (mount.isEmpty()) {
      return PoolReading.ABSENT;
    }
    // In a child: a file system without its device may hang for good.
    var space = commands.run(List.of("stat", "-f", "-c", "%S %b %a", mountpoint.toString()));
    var fields = List.of(space.out().strip().split(" ", -1));
    if (!space.done() || fields.size() != 3) {
      return new PoolReading(true, "FAULTED", "", 0, 0, mountpoint.toString());
    }
    // Remounted read-only by the kernel after an error (errors=remount-ro).
    var health = mount.get().readOnly() ? "FAULTED" : "ONLINE";
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
    var commands = new PoolCommands(limit, handle);
    if (mounted(commands).isPresent()) {
      refuseCover(commands);
      return "mounted already";
    }
    refuseCover(commands);
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
    remember();
    return said;
  }

  @Override
  public String release(boolean force, Duration limit, Commands.Handle handle)
      throws PoolException, InterruptedException {
    var commands = new PoolCommands(limit, handle);
    var mount = mounted(commands);
    if (mount.isEmpty()) {
      return "";
    }
    refuseCover(commands);
    // Whoever still uses it would keep it mounted.
    var killed = force ? MountUsers.kill(Set.of(mount.get().device())) : "";
    var argv = new ArrayList<>(List.of("umount"));
    if (force) {
      argv.add("-f");
    }
    argv.add(mountpoint.toString());
    var umount = commands.run(argv);
    if (umount.done() || mounted(commands).isEmpty()) {
      forget();
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
    var commands = new PoolCommands(limit, handle);
    if (mounted(commands).isPresent()) {
      refuseCover(commands);
      var _ = commands.succeed(List.of("umount", "-l", mountpoint.toString()));
      forget();
    }
  }

  /// What is mounted on the mount point, the outermost first.
  private List<Mounts.Mount> there() throws PoolException {
    return Mounts.all().stream()
        .filter(mount -> mount.target().equals(mountpoint.toString()))
        .toList();
  }

  /// The mount of the configured device on the mount point, if any. Whatever else is mounted there
  /// is somebody else's: it is not the pool, is not unmounted, and its users are left alone.
  private Optional<Mounts.Mount> mounted(PoolCommands commands)
      throws PoolException, InterruptedException {
    for (var mount : there().reversed()) {
      if (ofDevice(mount, commands)) {
        return Optional.of(mount);
      }
    }
    return Optional.empty();
  }

  /// A mount of somebody else that would hide the pool, or would be unmounted in its place.
  private void refuseCover(PoolCommands commands) throws PoolException, InterruptedException {
    var there = there();
    if (!there.isEmpty() && !ofDevice(there.getLast(), commands)) {
      throw new PoolException(
          Kind.FAILED,
          there.getLast().source() + " is mounted at " + mountpoint + " and is not " + device,
          "unmount it, or give the pool another mountpoint in carpool.yaml");
    }
  }

  private boolean ofDevice(Mounts.Mount mount, PoolCommands commands)
      throws PoolException, InterruptedException {
    return mount.source().equals(device.toString())
        || mount.device().equals(recorded())
        || backedByDevice(mount)
        || mount.device().equals(deviceNumber(commands));
  }

  /// mount(8) puts a loop device over a device that is a file, as nbdfuse's.
  private boolean backedByDevice(Mounts.Mount mount) {
    var backing = Path.of("/sys/dev/block", mount.device(), "loop/backing_file");
    try {
      var file = Files.readString(backing).strip();
      return file.equals(device.toString()) || file.equals(device + " (deleted)");
    } catch (IOException _) {
      return false; // No loop device.
    }
  }

  /// `MAJOR:MINOR` of the device node behind the path; empty when there is none. In a child: it may
  /// be a file of a daemon that hangs.
  private String deviceNumber(PoolCommands commands) throws PoolException, InterruptedException {
    var stat = commands.run(List.of("stat", "-L", "-c", "%t %T %F", device.toString()));
    var fields = List.of(stat.out().strip().split(" ", 3));
    return stat.done() && fields.size() == 3 && fields.get(2).equals("block special file")
        ? Integer.parseInt(fields.get(0), 16) + ":" + Integer.parseInt(fields.get(1), 16)
        : "";
  }

  private String recorded() {
    try {
      return Files.readString(record).strip();
    } catch (IOException _) {
      return ""; // Nothing was mounted since the machine started.
    }
  }

  private void forget() throws PoolException {
    try {
      var _ = Files.deleteIfExists(record);
    } catch (IOException e) {
      throw new PoolException(Kind.FAILED, "cannot remove " + record + ": " + e, "");
    }
  }

  private void remember() throws PoolException {
    var there = there();
    if (there.isEmpty()) {
      return;
    }
    try {
      Files.createDirectories(record.toAbsolutePath().getParent());
      Files.writeString(record, there.getLast().device());
    } catch (IOException e) {
      throw new PoolException(
          Kind.FAILED, "cannot write " + record + ": " + e, "make room in runtime-dir");
    }
  }
}
