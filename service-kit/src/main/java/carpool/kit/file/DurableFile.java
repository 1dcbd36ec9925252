package carpool.kit.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Objects;

/// A small file that is replaced as a whole: after a power cut at any moment it has its old text or
/// its new one.
public final class DurableFile {
  private DurableFile() {}

  /// Replaces the text of a file, or makes the file and its directory; durable when this returns.
  /// One thread at a time for a file.
  ///
  /// @param file in a directory; the same name with `.new` after it belongs to this method
  public static void replace(Path file, String text) throws IOException {
    var directory = Objects.requireNonNull(file.getParent(), "a file in a directory");
    Files.createDirectories(directory);
    var fresh = file.resolveSibling(file.getFileName() + ".new");
    try (var out =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        var _ = out.write(bytes);
      }
      out.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    flush(directory);
  }

  /// Makes durable what was created, renamed or removed in a directory.
  public static void flush(Path directory) throws IOException {
    try (var open = FileChannel.open(directory, StandardOpenOption.READ)) {
      open.force(true);
    }
  }
}
