package carpool.orchestrator.pool;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// The processes that keep a mounted file system busy: working directory, root, program, open or
/// mapped file below it. Read from proc(5) without touching the file system itself, which may hang;
/// what fuser(1) does, without needing it.
final class MountUsers {
  private static final Path PROC = Path.of("/proc");

  private final String below;
  private final String top;

  private MountUsers(String mountpoint) {
    this.top = mountpoint;
    this.below = mountpoint.endsWith("/") ? mountpoint : mountpoint + "/";
  }

  /// All of them but this process.
  static List<ProcessHandle> of(String mountpoint) throws InterruptedException {
    var users = new MountUsers(mountpoint);
    try (var processes = ProcessHandle.allProcesses()) {
      return processes
          .filter(process -> process.pid() != ProcessHandle.current().pid())
          .filter(process -> users.uses(PROC.resolve(Long.toString(process.pid()))))
          .toList();
    }
  }

  /// Kills them all; who they were, for the log, empty when there was nobody.
  static String kill(String mountpoint) throws InterruptedException {
    var users = of(mountpoint);
    users.forEach(ProcessHandle::destroyForcibly);
    return users.stream()
        .map(user -> user.info().command().orElse("?") + " (" + user.pid() + ")")
        .collect(Collectors.joining(", "));
  }

  private boolean uses(Path process) {
    var links = new ArrayList<>(List.of("cwd", "root", "exe"));
    try (var files = Files.newDirectoryStream(process.resolve("fd"))) {
      files.forEach(file -> links.add("fd/" + file.getFileName()));
    } catch (IOException | DirectoryIteratorException e) {
      // The process has ended meanwhile.
      return false;
    }
    return links.stream().anyMatch(link -> points(process.resolve(link))) || maps(process);
  }

  private boolean points(Path link) {
    try {
      return inside(Files.readSymbolicLink(link).toString());
    } catch (IOException e) {
      // Closed meanwhile, or a kernel thread's.
      return false;
    }
  }

  private boolean maps(Path process) {
    try {
      return Files.readAllLines(process.resolve("maps"), StandardCharsets.ISO_8859_1).stream()
          .map(line -> line.indexOf('/') < 0 ? "" : line.substring(line.indexOf('/')))
          .anyMatch(this::inside);
    } catch (IOException e) {
      return false;
    }
  }

  private boolean inside(String path) {
    return path.equals(top) || path.startsWith(below);
  }
}
