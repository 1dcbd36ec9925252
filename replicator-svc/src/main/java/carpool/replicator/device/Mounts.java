package carpool.replicator.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What is mounted where, from /proc/self/mountinfo, which answers even when a mount is dead.
final class Mounts {
  private Mounts() {}

  /// How many mounts lie on this very path; a crash can leave several on top of each other.
  static int on(Path path) {
    try {
      return count(Files.readAllLines(Path.of("/proc/self/mountinfo")), path);
    } catch (IOException _) {
      return 0;
    }
  }

  /// Lines look like `36 35 98:0 / /dev/hast/disk1 rw,… - fuse nbdfuse rw,…` (proc(5)).
  static int count(List<String> lines, Path path) {
    var wanted = path.toAbsolutePath().normalize().toString();
    return (int)
        lines.stream()
            .map(line -> line.split(" ", 6))
            .filter(fields -> fields.length == 6 && unescape(fields[4]).equals(wanted))
            .count();
  }

  private static String unescape(String field) {
    return field
        .replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\");
  }
}
