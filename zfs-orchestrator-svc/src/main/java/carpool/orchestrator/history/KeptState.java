package carpool.orchestrator.history;

import carpool.orchestrator.v1.Kept;
import com.google.protobuf.util.JsonFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What this node keeps over restarts and reboots: `orchestrator.json` in `state-dir`. A change is
/// durable before it is believed. Any thread.
public final class KeptState {
  private static final Logger LOG = LoggerFactory.getLogger("carpool.orchestrator");

  private final Path file;
  private final boolean known;
  private final String damage;
  private Kept kept;

  private KeptState(Path file, Kept kept, boolean known, String damage) {
    this.file = file;
    this.kept = kept;
    this.known = known;
    this.damage = damage;
  }

  /// Reads what is there. A file that cannot be read is set aside and counts as none: the node must
  /// be able to serve.
  public static KeptState load(Path stateDir) {
    var file = stateDir.resolve("orchestrator.json");
    if (!Files.exists(file)) {
      return new KeptState(file, Kept.getDefaultInstance(), false, "");
    }
    try {
      var kept = Kept.newBuilder();
      JsonFormat.parser().ignoringUnknownFields().merge(Files.readString(file), kept);
      return new KeptState(file, kept.build(), true, "");
    } catch (IOException e) {
      var damage =
          "cannot read "
              + file
              + ", so maintenance, unmanaged mode and fail counts are forgotten: "
              + e.getMessage();
      LOG.error("{}", damage);
      try {
        Files.move(
            file,
            file.resolveSibling("orchestrator.json.damaged"),
            StandardCopyOption.REPLACE_EXISTING);
      } catch (IOException second) {
        LOG.warn("cannot set {} aside: {}", file, second.toString());
      }
      return new KeptState(file, Kept.getDefaultInstance(), false, damage);
    }
  }

  public synchronized Kept get() {
    return kept;
  }

  public Path file() {
    return file;
  }

  /// Whether anything was kept before this process.
  public boolean known() {
    return known;
  }

  /// Why something that was kept is lost; empty when nothing is.
  String damage() {
    return damage;
  }

  /// Changes what is kept; durable when it returns.
  ///
  /// @throws IOException when it could not be written: nothing is changed then
  public synchronized void change(Consumer<Kept.Builder> change) throws IOException {
    var next = kept.toBuilder();
    change.accept(next);
    var built = next.build();
    if (!built.equals(kept) || !Files.exists(file)) {
      write(JsonFormat.printer().print(built));
      kept = built;
    }
  }

  /// As [#change], for what is nice to have: a failure is logged.
  public void changeIfPossible(Consumer<Kept.Builder> change) {
    try {
      change(change);
    } catch (IOException e) {
      LOG.error("cannot write {}; it is forgotten at the next restart: {}", file, e.toString());
    }
  }

  private void write(String text) throws IOException {
    Files.createDirectories(file.getParent());
    var fresh = file.resolveSibling("orchestrator.json.new");
    try (var out =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
      while (bytes.hasRemaining()) {
        var _ = out.write(bytes);
      }
      out.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (var directory = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
      directory.force(true);
    }
  }
}
