package carpool.replicator.quorum;

import carpool.kit.file.DurableFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/// Which witness this node trusts for a pool, kept over restarts: `STATE-DIR/witness/POOL`.
final class IncarnationFile {
  private static final Pattern FORM =
      Pattern.compile("incarnation=([0-9a-f]{16})\nwritten=(true|false)\n");
  private static final int BYTES_MAX = 256;

  private final Path file;

  IncarnationFile(Path directory, String name) {
    file = directory.resolve(name);
  }

  /// @param number 0: none is agreed
  /// @param written this node knows that the witness carries it
  record Trusted(long number, boolean written) {
    static final Trusted NONE = new Trusted(0, false);
  }

  /// What was written last; NONE when nothing was.
  ///
  /// @throws IOException when it cannot be read or is damaged; says what to do
  Trusted read() throws IOException {
    byte[] bytes;
    try (var in = Files.newInputStream(file)) {
      bytes = in.readNBytes(BYTES_MAX);
    } catch (NoSuchFileException _) {
      return Trusted.NONE;
    }
    var match = FORM.matcher(new String(bytes, StandardCharsets.UTF_8));
    if (!match.matches()) {
      throw new IOException(
          file
              + " does not say which witness this node trusts; remove it, and the primary tells it"
              + " again as soon as the nodes are connected");
    }
    return new Trusted(
        Long.parseUnsignedLong(match.group(1), 16), Boolean.parseBoolean(match.group(2)));
  }

  /// Durable when this returns.
  void write(Trusted trusted) throws IOException {
    DurableFile.replace(
        file, "incarnation=%016x%nwritten=%b%n".formatted(trusted.number(), trusted.written()));
  }
}
