package carpool.orchestrator;

import carpool.orchestrator.v1.WitnessChange;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Witness;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Notices that the witness of this node was lost or answers again: one change for the node,
/// however many resources tell of it. The replicator asks the witness every 10 s, which is what
/// keeps a short loss from being told. Nothing moves because of it. Any thread.
final class WitnessWatch {
  private static final int CHANGES_MAX = 16;

  private final Consumer<WitnessChange> onChange;
  private final ArrayDeque<WitnessChange> changes = new ArrayDeque<>();
  private @Nullable Witness last;

  /// @param onChange told each change, once
  WitnessWatch(Consumer<WitnessChange> onChange) {
    this.onChange = onChange;
  }

  /// What the replicator tells of its resources; some of it may be old, so the newest word counts.
  /// The first answer or failure is no change, and neither is what a replicator that has just
  /// started does not know yet.
  synchronized void seen(Collection<Resource> resources) {
    var newest =
        resources.stream()
            .filter(Resource::hasWitness)
            .map(Resource::getWitness)
            .filter(witness -> witness.getSinceUnixMillis() != 0)
            .max(Comparator.comparingLong(Witness::getSinceUnixMillis))
            .orElse(null);
    var before = last;
    if (newest == null
        || (before != null && newest.getSinceUnixMillis() < before.getSinceUnixMillis())) {
      return;
    }
    last = newest;
    if (before == null || before.getReachable() == newest.getReachable()) {
      return;
    }
    var change =
        WitnessChange.newBuilder()
            .setUnixMillis(newest.getSinceUnixMillis())
            .setReachable(newest.getReachable())
            .setProblem(newest.getProblem())
            .setEndpoint(newest.getEndpoint())
            .build();
    changes.addFirst(change);
    if (changes.size() > CHANGES_MAX) {
      changes.removeLast();
    }
    onChange.accept(change);
  }

  /// The last ones, newest first.
  synchronized List<WitnessChange> changes() {
    return List.copyOf(changes);
  }
}
