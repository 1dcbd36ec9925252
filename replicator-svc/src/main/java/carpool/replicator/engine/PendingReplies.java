package carpool.replicator.engine;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Who waits for the answer to a numbered request. Guarded by the engine's lock.
final class PendingReplies<T> {
  private final Map<Long, Consumer<T>> waiting = new HashMap<>();
  private long last;

  /// A number that no other request has.
  long add(Consumer<T> reply) {
    waiting.put(++last, reply);
    return last;
  }

  /// Who waits for it; null when nobody does any more.
  @Nullable Consumer<T> take(long request) {
    return waiting.remove(request);
  }
}
