package carpool.election.group;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Says that this process is MASTER of a group with its services up, and when it advertised last,
/// so that a process that takes its place goes on with the role. One file per group under
/// `runtime-dir`, which does not survive a reboot; it names the boot besides.
///
/// Nothing depends on it but the length of a pause, so what cannot be written is logged once.
public final class MasterMarker {
  private static final Logger LOG = LoggerFactory.getLogger(MasterMarker.class);
  private static final Path BOOT = Path.of("/proc/sys/kernel/random/boot_id");

  private final Path file;
  private final String group;
  private boolean written;
  private boolean complained;

  /// For one group.
  ///
  /// @param group what the role belongs to; a changed configuration is another group
  public MasterMarker(Path file, String group) {
    this.file = file;
    this.group = group.replace('\n', ' ');
  }

  /// When the earlier process advertised last, by `System.nanoTime`, which all processes of one
  /// boot share on Linux (CLOCK_MONOTONIC); empty when it was not MASTER of this very group.
  public OptionalLong read() {
    try {
      var lines = Files.readAllLines(file, StandardCharsets.UTF_8);
      if (lines.size() == 3 && lines.get(0).equals(boot()) && lines.get(1).equals(group)) {
        return OptionalLong.of(Long.parseLong(lines.get(2)));
      }
    } catch (NoSuchFileException _) {
      return OptionalLong.empty();
    } catch (IOException | NumberFormatException e) {
      LOG.warn("{}: {}", file, e.getMessage());
    }
    return OptionalLong.empty();
  }

  /// This process advertised as MASTER now.
  void write(long nowNanos) {
    try {
      Files.createDirectories(file.getParent());
      var next = file.resolveSibling(file.getFileName() + ".new");
      Files.writeString(next, boot() + "\n" + group + "\n" + nowNanos + "\n");
      Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      written = true;
    } catch (IOException e) {
      if (!complained) {
        complained = true;
        LOG.warn("{}: a restart will not go on as MASTER: {}", file, e.toString());
      }
    }
  }

  /// It is MASTER no more, or its services are not up.
  void remove() {
    if (!written) {
      return;
    }
    try {
      Files.deleteIfExists(file);
      written = false;
    } catch (IOException e) {
      LOG.warn("{}: {}", file, e.toString());
    }
  }

  private static String boot() throws IOException {
    return Files.readString(BOOT).strip();
  }
}
