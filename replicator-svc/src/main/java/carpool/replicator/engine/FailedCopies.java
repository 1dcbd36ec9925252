package carpool.replicator.engine;

import carpool.kit.file.DurableFile;
import carpool.replicator.core.layout.Metadata;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.Optional;

/// Durable notes that a copy lost writes, in the state directory: the disk that lost them may not
/// take the note itself. One file per resource, lines of `key value`.
public final class FailedCopies {
  private final Path stateDir;
  private final Path directory;

  public FailedCopies(Path stateDir) {
    this.stateDir = stateDir;
    directory = stateDir.resolve("failed");
  }

  Path stateDir() {
    return stateDir;
  }

  /// Which copy a note is about.
  ///
  /// @param resuid number of the pair
  /// @param generation generation of the data when the disk failed
  record Note(long resuid, long generation) {
    /// False for a disk that was created anew since, or put in the place of that one: such a one
    /// has no number of the pair yet.
    boolean isAbout(Metadata metadata) {
      var identity = metadata.identity();
      return !identity.virgin()
          && identity.resuid() == resuid
          && (resuid != 0
              || identity.generation() == generation
              || identity.history().contains(generation));
    }
  }

  private Path file(String resource) {
    return directory.resolve(URLEncoder.encode(resource, StandardCharsets.UTF_8));
  }

  /// Notes that the copy lost writes; durable when this returns.
  void note(String resource, Metadata metadata, String cause) throws IOException {
    var identity = metadata.identity();
    var text =
        """
        resuid %s
        generation %s
        when %s
        cause %s
        """
            .formatted(
                Long.toHexString(identity.resuid()),
                Long.toHexString(identity.generation()),
                Instant.now(),
                cause.replace('\n', ' '));
    DurableFile.replace(file(resource), text);
  }

  /// The note about a resource.
  ///
  /// @throws IOException when there is one that cannot be read or understood
  Optional<Note> of(String resource) throws IOException {
    String text;
    try {
      text = Files.readString(file(resource));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
    var values = new HashMap<String, String>();
    text.lines()
        .forEach(line -> {
          int space = line.indexOf(' ');
          if (space > 0) {
            values.put(line.substring(0, space), line.substring(space + 1));
          }
        });
    try {
      return Optional.of(
          new Note(
              Long.parseUnsignedLong(values.getOrDefault("resuid", ""), 16),
              Long.parseUnsignedLong(values.getOrDefault("generation", ""), 16)));
    } catch (NumberFormatException e) {
      throw new IOException(file(resource) + " is damaged: " + e.getMessage(), e);
    }
  }

  /// The disk has the note itself, or is another one.
  void forget(String resource) throws IOException {
    if (Files.deleteIfExists(file(resource))) {
      DurableFile.flush(directory);
    }
  }
}
