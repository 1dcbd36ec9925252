package carpool.kit.testing.sample.core;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.zip.CRC32;

/// What a core may use.
final class PureCore {
  private final BitSet dirty = new BitSet();
  private final List<long[]> ranges = new ArrayList<>();

  /// An event.
  sealed interface Event permits Write, Flush {}

  /// Marks.
  record Write(int extent, ByteBuffer data) implements Event {}

  /// Nothing.
  record Flush() implements Event {}

  long step(Event event) {
    return switch (event) {
      case Write(var extent, var data) -> {
        dirty.set(extent);
        ranges.add(new long[] {extent});
        var crc = new CRC32();
        crc.update(data);
        yield crc.getValue();
      }
      case Flush _ -> ranges.stream().mapToLong(r -> r[0]).sum();
    };
  }
}
