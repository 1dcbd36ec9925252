package carpool.replicator.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Who has a lock on a file, from /proc/locks; a hint for people, nothing else.
final class LockHolder {
  private LockHolder() {}

  /// For example `process 4711 (java -cp … carpool.replicator.Main)`.
  static Optional<String> of(Path path) {
    try {
      var inode = String.valueOf(Files.getAttribute(path, "unix:ino"));
      return pidOf(Files.readAllLines(Path.of("/proc/locks")), inode)
          .map(pid -> "process " + pid + command(pid));
    } catch (IOException | UnsupportedOperationException | IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  /// Lines look like `1: FLOCK ADVISORY WRITE 4711 08:01:131 0 EOF`.
  static Optional<String> pidOf(List<String> locks, String inode) {
    for (var line : locks) {
      var fields = line.trim().split("\\s+", -1);
      if (fields.length >= 6
          && fields[1].equals("FLOCK")
          && fields[5].endsWith(":" + inode)
          && !fields[4].equals("-1")) {
        return Optional.of(fields[4]);
      }
    }
    return Optional.empty();
  }

  private static String command(String pid) {
    try {
      var line = Files.readString(Path.of("/proc", pid, "cmdline")).replace('\0', ' ').trim();
      return " (" + (line.length() > 120 ? line.substring(0, 120) + "…" : line) + ")";
    } catch (IOException _) {
      return "";
    }
  }
}
