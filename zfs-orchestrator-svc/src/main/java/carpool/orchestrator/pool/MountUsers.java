package carpool.orchestrator.pool;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The processes that keep a mounted file system busy: working directory, root, program, open or
/// mapped file on its device. What counts is the device, as the mount table of the process's own
/// mount namespace gives it, never the text of a path: a container may have another file system at
/// the same path. Read from proc(5) without touching the file system itself, which may hang.
final class MountUsers {
  private static final Path PROC = Path.of("/proc");
  private static final Path SELF = PROC.resolve("self");

  private final Set<String> devices;
  private final List<Mounts.Mount> ownMounts;
  private final String ownNamespace;

  private MountUsers(Set<String> devices, List<Mounts.Mount> ownMounts) {
    this.devices = devices;
    this.ownMounts = ownMounts;
    this.ownNamespace = link(SELF.resolve("ns/mnt"));
  }

  /// All of them but this process.
  ///
  /// @param devices `MAJOR:MINOR` as in the mount table
  static List<ProcessHandle> of(Set<String> devices) throws PoolException {
    var users = new MountUsers(devices, Mounts.all());
    try (var processes = ProcessHandle.allProcesses()) {
      return processes
          .filter(process -> process.pid() != ProcessHandle.current().pid())
          .filter(process -> users.uses(PROC.resolve(Long.toString(process.pid()))))
          .toList();
    }
  }

  /// Kills them all; who they were, for the log, empty when there was nobody.
  static String kill(Set<String> devices) throws PoolException {
    if (devices.isEmpty()) {
      return "";
    }
    var users = of(devices);
    users.forEach(ProcessHandle::destroyForcibly);
    return users.stream()
        .map(user -> user.info().command().orElse("?") + " (" + user.pid() + ")")
        .collect(Collectors.joining(", "));
  }

  private boolean uses(Path process) {
    var namespace = link(process.resolve("ns/mnt"));
    if (namespace.isEmpty()) {
      return false; // It has ended meanwhile.
    }
    var mounts = namespace.equals(ownNamespace) ? ownMounts : mountsOf(process);
    if (mounts.stream().noneMatch(mount -> devices.contains(mount.device()))) {
      return false; // The device is not even mounted where that process lives.
    }
    return opens(process, mounts)
        || List.of("cwd", "root", "exe").stream()
            .anyMatch(name -> on(link(process.resolve(name)), mounts))
        || maps(process);
  }

  private static List<Mounts.Mount> mountsOf(Path process) {
    try {
      return Mounts.parse(
          Files.readString(process.resolve("mountinfo"), StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      return List.of();
    }
  }

  /// The mount below which a path lies, in one namespace: of the longest mount points the last.
  private boolean on(String path, List<Mounts.Mount> mounts) {
    Optional<Mounts.Mount> best = Optional.empty();
    for (var mount : mounts) {
      var target = mount.target();
      var inside =
          path.equals(target) || path.startsWith(target.endsWith("/") ? target : target + "/");
      if (inside && (best.isEmpty() || target.length() >= best.get().target().length())) {
        best = Optional.of(mount);
      }
    }
    return best.isPresent() && devices.contains(best.get().device());
  }

  /// fdinfo names the mount of each open file.
  private boolean opens(Path process, List<Mounts.Mount> mounts) {
    var ours =
        mounts.stream()
            .filter(mount -> devices.contains(mount.device()))
            .map(Mounts.Mount::id)
            .collect(Collectors.toSet());
    try (var files = Files.newDirectoryStream(process.resolve("fdinfo"))) {
      for (var file : files) {
        if (mountIds(file).stream().anyMatch(ours::contains)) {
          return true;
        }
      }
      return false;
    } catch (IOException | DirectoryIteratorException e) {
      // The process has ended meanwhile.
      return false;
    }
  }

  private static List<String> mountIds(Path fdinfo) {
    try {
      return Files.readAllLines(fdinfo, StandardCharsets.ISO_8859_1).stream()
          .filter(line -> line.startsWith("mnt_id:"))
          .map(line -> line.substring("mnt_id:".length()).strip())
          .toList();
    } catch (IOException e) {
      // Closed meanwhile.
      return List.of();
    }
  }

  /// `address perms offset dev inode path`; dev is hexadecimal.
  private boolean maps(Path process) {
    try {
      return Files.readAllLines(process.resolve("maps"), StandardCharsets.ISO_8859_1).stream()
          .map(line -> List.of(line.split(" +", 6)))
          .filter(fields -> fields.size() == 6 && !fields.get(4).equals("0"))
          .anyMatch(fields -> devices.contains(decimal(fields.get(3))));
    } catch (IOException e) {
      return false;
    }
  }

  private static String decimal(String hexDevice) {
    var colon = hexDevice.indexOf(':');
    return colon < 0
        ? ""
        : Integer.parseInt(hexDevice.substring(0, colon), 16)
            + ":"
            + Integer.parseInt(hexDevice.substring(colon + 1), 16);
  }

  private static String link(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      // Closed meanwhile, or a kernel thread's.
      return "";
    }
  }
}
