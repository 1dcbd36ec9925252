package carpool.orchestrator.core;

import carpool.orchestrator.core.PoolEffect.ArmTimer;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The running timers by kind. A timer that was replaced or dropped may still fire; its token is
/// then unknown here.
final class Timers {
  private final Consumer<PoolEffect> out;
  private final Map<TimerKind, Long> tokens = new EnumMap<>(TimerKind.class);
  private long lastToken;

  Timers(Consumer<PoolEffect> out) {
    this.out = out;
  }

  boolean running(TimerKind kind) {
    return tokens.containsKey(kind);
  }

  /// Starts it anew.
  void arm(TimerKind kind, long delayNanos) {
    lastToken++;
    tokens.put(kind, lastToken);
    out.accept(new ArmTimer(lastToken, delayNanos));
  }

  /// Starts it unless it runs.
  void ensure(TimerKind kind, long delayNanos) {
    if (!running(kind)) {
      arm(kind, delayNanos);
    }
  }

  void drop(TimerKind kind) {
    tokens.remove(kind);
  }

  /// The kind of the timer that fired; null when it is none of the running ones.
  @Nullable TimerKind fired(long token) {
    for (var kind : TimerKind.values()) {
      var running = tokens.get(kind);
      if (running != null && running == token) {
        tokens.remove(kind);
        return kind;
      }
    }
    return null;
  }
}
