package carpool.replicator.quorum;

import carpool.replicator.core.Phase;
import carpool.replicator.core.witness.SyncState;
import carpool.replicator.core.witness.WitnessEvent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The resources of a pool as one copy. The pool is in a session when every resource is in one, and
/// in sync when all are: so it is usable on the other node only when every one of its resources is,
/// and whoever asks for the pool asks for all of them. Not thread-safe.
final class PoolCopies {
  private final List<String> resources;
  private final Map<String, PoolCopy> copies = new HashMap<>();
  private @Nullable SyncState sync;
  private boolean fenced;

  PoolCopies(Collection<String> resources) {
    this.resources = List.copyOf(resources);
  }

  /// Every resource is attached and its copy may be promoted.
  boolean usable() {
    return all() && copies.values().stream().allMatch(PoolCopy::usable);
  }

  /// This node is primary for one of them.
  boolean primary() {
    return copies.values().stream().anyMatch(PoolCopy::primary);
  }

  /// How the pool's copies stand to the peer's; null without a session.
  @Nullable SyncState sync() {
    return sync;
  }

  /// What was noted of a resource last; null when it is detached.
  @Nullable PoolCopy get(String resource) {
    return copies.get(resource);
  }

  /// Takes note of a resource.
  ///
  /// @param copy null when it is detached
  /// @return what that means for the pool
  List<WitnessEvent> put(String resource, @Nullable PoolCopy copy) {
    if (copy == null) {
      copies.remove(resource);
    } else {
      copies.put(resource, copy);
    }
    var before = sync;
    var now = judge();
    sync = now;
    boolean wasFenced = fenced;
    fenced = copies.values().stream().anyMatch(each -> each.primary() && each.fenced());
    var events = new ArrayList<WitnessEvent>(2);
    if (now == null) {
      if (before != null) {
        events.add(new WitnessEvent.SessionLost());
      }
    } else if (before == null) {
      events.add(new WitnessEvent.SessionOpened(now));
    } else if (now != before) {
      events.add(
          switch (now) {
            case IN_SYNC -> new WitnessEvent.InSync();
            case COMMITTING -> new WitnessEvent.SyncCommitted();
            case SOURCE, TARGET -> new WitnessEvent.SessionOpened(now);
          });
    }
    if (fenced && !wasFenced) {
      events.add(new WitnessEvent.PeerNewer());
    }
    return events;
  }

  private boolean all() {
    return copies.keySet().containsAll(resources);
  }

  private @Nullable SyncState judge() {
    if (!all()) {
      return null;
    }
    boolean inSync = true;
    boolean committing = true;
    boolean target = false;
    for (var copy : copies.values()) {
      var phase = copy.phase();
      if (!phase.agreed()) {
        return null;
      }
      target |= phase.target();
      inSync &= phase == Phase.IN_STEP;
      committing &= phase == Phase.IN_STEP || commits(phase);
    }
    if (inSync) {
      return SyncState.IN_SYNC;
    }
    if (target) {
      return SyncState.TARGET;
    }
    return committing ? SyncState.COMMITTING : SyncState.SOURCE;
  }

  /// From the moment in which the record that this copy is no longer ahead is under way: the target
  /// is told after it is durable, and hears of it in a later step.
  private static boolean commits(Phase phase) {
    return switch (phase) {
      case SOURCE_RECORDING, SOURCE_RECORDING_CLEAN, OFFERED -> true;
      case APART,
          NEGOTIATING,
          WAITING,
          SOURCE_MARKING,
          SOURCE_ANNOUNCED,
          COPYING,
          SOURCE_FLUSHING,
          TARGET_AGREED,
          TARGET_MARKING,
          RECEIVING,
          ADOPTING,
          IN_STEP ->
          false;
    };
  }
}
