package carpool.replicator.resource;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// That this node is primary for one resource, for the process that comes after this one: `NAME` in
/// the runtime directory, with the boot id of the kernel (random(4)) as its content. It says what
/// was so, not what may be: whether the role is taken again is decided with the peer.
///
/// Written before the device appears and removed before it goes. It has to outlive the process and
/// not the machine, so nothing is flushed; its time of change is the last sign of life.
final class PrimaryMarker {
  private static final Logger LOG = LoggerFactory.getLogger(PrimaryMarker.class);
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  private final Path file;

  PrimaryMarker(Path file) {
    this.file = file;
  }

  /// From now on a successor takes the role again.
  void write() throws IOException {
    Files.createDirectories(file.getParent());
    var fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.writeString(fresh, bootId());
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /// This process still has the role.
  void touch() {
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    } catch (NoSuchFileException _) {
      // Removed a moment ago.
    } catch (IOException e) {
      LOG.warn("file={} could not be touched: {}", file, e.getMessage());
    }
  }

  /// How long ago an earlier process had the role on this boot; empty when none had.
  Optional<Duration> left() {
    try {
      if (!Files.readString(file).equals(bootId())) {
        return Optional.empty();
      }
      var ago = Duration.between(Files.getLastModifiedTime(file).toInstant(), Instant.now());
      return Optional.of(ago.isNegative() ? Duration.ZERO : ago);
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (IOException e) {
      LOG.warn("file={} cannot be read, the role is not taken again: {}", file, e.getMessage());
      return Optional.empty();
    }
  }

  /// The role is given up.
  void remove() throws IOException {
    Files.deleteIfExists(file);
  }

  private static String bootId() throws IOException {
    return Files.readString(BOOT_ID).strip();
  }
}
