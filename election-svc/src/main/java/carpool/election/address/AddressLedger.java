package carpool.election.address;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which addresses this service may have put on which interface: one file per group under
/// `state-dir`, lines of `INTERFACE ADDRESS/PREFIX`. It is durable before the first address is
/// added, so after a crash the next start knows what to take away, and touches nothing else.
public final class AddressLedger {
  private static final Logger LOG = LoggerFactory.getLogger(AddressLedger.class);

  private final Path file;

  /// One line.
  public record Entry(String interfaceName, VirtualAddress address) {}

  /// @param file its directory is made when needed
  public AddressLedger(Path file) {
    this.file = file;
  }

  /// What the last process may have left. Lines that cannot be read are skipped and logged.
  public List<Entry> read() throws IOException {
    var out = new ArrayList<Entry>();
    try {
      for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
        int space = line.indexOf(' ');
        var address =
            space < 0
                ? java.util.Optional.<VirtualAddress>empty()
                : VirtualAddress.parse(line.substring(space + 1));
        if (address.isPresent()) {
          out.add(new Entry(line.substring(0, space), address.get()));
        } else {
          LOG.warn("{}: a line that is no address: {}", file, line);
        }
      }
    } catch (NoSuchFileException _) {
      // The first start, or the last stop was orderly.
    }
    return out;
  }

  /// What failed, with the path: an error of the system may name none.
  String text(IOException e) {
    String text = e.getMessage() == null ? e.toString() : e.getMessage();
    return text.contains(file.getParent() + "") ? text : file + ": " + text;
  }

  /// Replaces the content; durable when this returns.
  public void write(List<Entry> entries) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    var text = new StringBuilder();
    for (var entry : entries) {
      text.append(entry.interfaceName()).append(' ').append(entry.address()).append('\n');
    }
    Path next = file.resolveSibling(file.getFileName() + ".new");
    try (var channel =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      var bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    syncDirectory();
  }

  /// After an orderly release: nothing is left.
  public void clear() throws IOException {
    if (Files.deleteIfExists(file)) {
      syncDirectory();
    }
  }

  private void syncDirectory() throws IOException {
    try (var channel = FileChannel.open(file.toAbsolutePath().getParent())) {
      channel.force(true);
    }
  }
}
