package carpool.orchestrator.pool;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NotLinkException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// The processes that have one of the devices open: `zpool create` at its work, a ZFS daemon with a
/// pool on them. Read from proc(5) without touching the devices, which may hang. A kernel's own use
/// (an imported pool of kernel ZFS, a mount) does not show here; `zpool list` and the mount table
/// tell of that.
public final class DeviceUsers {
  private static final Path PROC = Path.of("/proc");

  private DeviceUsers() {}

  /// Who they are, for people; empty when there is nobody.
  public static String of(List<Path> devices) {
    var wanted = new HashSet<String>();
    devices.forEach(device -> wanted.addAll(names(device)));
    try (var processes = ProcessHandle.allProcesses()) {
      return processes
          .filter(process -> opens(PROC.resolve(Long.toString(process.pid())), wanted))
          .map(process ->
              process.info().command().map(DeviceUsers::lastWord).orElse("?")
                  + " ("
                  + process.pid()
                  + ")")
          .collect(Collectors.joining(", "));
    }
  }

  /// The path, and what it points to: `/dev/nbdN` behind a symbolic link.
  private static Set<String> names(Path device) {
    var path = device.toAbsolutePath().normalize();
    try {
      var target = path.resolveSibling(Files.readSymbolicLink(path)).normalize();
      return Set.of(path.toString(), target.toString());
    } catch (NotLinkException e) {
      return Set.of(path.toString());
    } catch (IOException e) {
      // It is not there, so nobody can open it; who has it open sees it under its old name.
      return Set.of(path.toString());
    }
  }

  private static String lastWord(String command) {
    return command.substring(command.lastIndexOf('/') + 1);
  }

  private static boolean opens(Path process, Set<String> wanted) {
    try (var files = Files.newDirectoryStream(process.resolve("fd"))) {
      for (var file : files) {
        if (wanted.contains(target(file))) {
          return true;
        }
      }
      return false;
    } catch (IOException | DirectoryIteratorException e) {
      // The process has ended meanwhile.
      return false;
    }
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      // Closed meanwhile.
      return "";
    }
  }
}
