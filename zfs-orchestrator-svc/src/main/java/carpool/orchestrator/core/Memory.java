package carpool.orchestrator.core;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a pool's machine keeps over a restart of its process or its node.
///
/// @param maintenance why this node is not to serve; null: it may
/// @param unmanaged why nothing is to be done to the pool; null: it is looked after
/// @param strikes what failed on this node within its window
/// @param exported an operator exported the pool and has not asked for it again
public record Memory(
    @Nullable String maintenance,
    @Nullable String unmanaged,
    boolean exported,
    List<Strike> strikes) {
  /// Of a node that was never told anything.
  public static final Memory NONE = new Memory(null, null, false, List.of());
}
