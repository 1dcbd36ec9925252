package carpool.replicator.nbd;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;

/// Memory of one connection for a payload that has no slot: one that is longer than a slot, or the
/// reply to a client that does not read. Freed by [#close], not by the collector.
final class Area implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final ByteBuffer buffer;

  Area(int bytes) {
    buffer = arena.allocate(bytes).asByteBuffer();
  }

  ByteBuffer buffer() {
    return buffer;
  }

  @Override
  public void close() {
    arena.close();
  }
}
