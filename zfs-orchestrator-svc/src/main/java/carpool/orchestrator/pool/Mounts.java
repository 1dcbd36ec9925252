package carpool.orchestrator.pool;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/// The mount table of this machine, `/proc/self/mountinfo` (proc(5)).
final class Mounts {
  private static final Path TABLE = Path.of("/proc/self/mountinfo");

  /// One mounted file system.
  ///
  /// @param id of the mount, unique on this machine
  /// @param device `MAJOR:MINOR` of the file system
  /// @param options of the mount and of the file system
  record Mount(
      String id, String device, String source, String target, String type, List<String> options) {
    /// Nothing can be written: the mount says so, or the file system, as after an error with
    /// errors=remount-ro.
    boolean readOnly() {
      return options.contains("ro");
    }
  }

  private Mounts() {}

  static List<Mount> all() throws PoolException {
    try {
      return parse(Files.readString(TABLE, StandardCharsets.ISO_8859_1));
    } catch (IOException e) {
      throw new PoolException(
          PoolException.Kind.FAILED, "cannot read " + TABLE + ": " + e.getMessage(), "");
    }
  }

  static List<Mount> parse(String table) {
    var mounts = new ArrayList<Mount>();
    for (var line : table.lines().toList()) {
      // ID PARENT MAJOR:MINOR ROOT TARGET OPTIONS [OPTIONAL …] - TYPE SOURCE SUPEROPTIONS
      var fields = List.of(line.split(" ", -1));
      var dash = fields.indexOf("-");
      if (dash >= 6 && fields.size() >= dash + 4) {
        var options = new ArrayList<>(List.of(fields.get(5).split(",", -1)));
        options.addAll(List.of(fields.get(dash + 3).split(",", -1)));
        mounts.add(
            new Mount(
                fields.get(0),
                fields.get(2),
                unescape(fields.get(dash + 2)),
                unescape(fields.get(4)),
                fields.get(dash + 1),
                List.copyOf(options)));
      }
    }
    return List.copyOf(mounts);
  }

  /// Lazily unmounts what was mounted by a ZFS daemon that is no longer there, innermost first.
  static void takeAwayDead(PoolCommands commands, Predicate<Mount> ours)
      throws PoolException, InterruptedException {
    for (var mount : all().reversed()) {
      if (mount.type().startsWith("fuse") && ours.test(mount) && isDead(commands, mount)) {
        var _ = commands.run(List.of("umount", "-l", mount.target()));
      }
    }
  }

  /// "Transport endpoint is not connected" is what a mount without its daemon answers to statfs(2);
  /// stat(2) may still be answered from the kernel's cache. Asked in a child, because a daemon that
  /// hangs makes whoever asks hang, too.
  private static boolean isDead(PoolCommands commands, Mount mount)
      throws PoolException, InterruptedException {
    return !commands.run(List.of("stat", "-f", "-c", "%i", mount.target())).done();
  }

  /// Blanks and backslashes are written as three octal digits.
  private static String unescape(String field) {
    if (field.indexOf('\\') < 0) {
      return new String(field.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }
    var bytes = new java.io.ByteArrayOutputStream();
    for (var index = 0; index < field.length(); index++) {
      if (field.charAt(index) == '\\' && index + 3 < field.length()) {
        bytes.write(Integer.parseInt(field.substring(index + 1, index + 4), 8));
        index += 3;
      } else {
        bytes.write(field.charAt(index));
      }
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
