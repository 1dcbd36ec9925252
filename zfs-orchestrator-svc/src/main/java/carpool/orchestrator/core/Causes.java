package carpool.orchestrator.core;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;

/// The causes of demotion that stand, told only when they change.
final class Causes {
  private final Consumer<PoolEffect> out;
  private final Map<Cause, String> standing = new EnumMap<>(Cause.class);

  Causes(Consumer<PoolEffect> out) {
    this.out = out;
  }

  /// Makes exactly `wanted` stand.
  void become(Map<Cause, String> wanted) {
    for (var cause : Cause.values()) {
      var text = wanted.get(cause);
      if (text == null) {
        if (standing.remove(cause) != null) {
          out.accept(new PoolEffect.ClearCause(cause));
        }
      } else if (!text.equals(standing.put(cause, text))) {
        out.accept(new PoolEffect.SetCause(cause, text));
      }
    }
  }
}
