package carpool.sim.engine;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Direct buffers of the processes of one run; used again in the next run of the same thread. The
/// JDK gives such memory back only at a collection, and when there is none left it waits in real
/// time.
final class Buffers {
  private static final ThreadLocal<Map<Integer, ArrayDeque<ByteBuffer>>> FREE =
      ThreadLocal.withInitial(HashMap::new);

  private final Map<Integer, ArrayDeque<ByteBuffer>> free = FREE.get();
  private final List<ByteBuffer> taken = new ArrayList<>();

  ByteBuffer take(int bytes) {
    var spare = free.computeIfAbsent(bytes, _ -> new ArrayDeque<>()).pollLast();
    var buffer = spare == null ? ByteBuffer.allocateDirect(bytes) : spare.clear();
    taken.add(buffer);
    return buffer;
  }

  /// The run is over, and nobody uses any of its buffers.
  void end() {
    for (var buffer : taken) {
      free.computeIfAbsent(buffer.capacity(), _ -> new ArrayDeque<>()).addLast(buffer);
    }
    taken.clear();
  }
}
