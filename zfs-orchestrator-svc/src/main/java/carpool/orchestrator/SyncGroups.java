package carpool.orchestrator;

import carpool.kit.config.CarpoolConfig;
import carpool.orchestrator.core.Carp;
import carpool.orchestrator.core.Cause;
import carpool.orchestrator.core.GroupSight;
import carpool.orchestrator.core.SyncGroupRule;
import carpool.orchestrator.demotion.CauseBoard;
import carpool.orchestrator.demotion.ElectionReporter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// The sync groups of this node: asks the rule whenever the other node was looked at, and carries
/// out what follows. Called by one thread.
final class SyncGroups {
  private final Map<List<String>, SyncGroupRule> rules = new LinkedHashMap<>();
  private final CauseBoard causes;
  private final ElectionReporter reporter;
  private final Function<String, Carp> carp;

  /// @param carp state of a group
  SyncGroups(
      CarpoolConfig config,
      CauseBoard causes,
      ElectionReporter reporter,
      Function<String, Carp> carp) {
    this.causes = causes;
    this.reporter = reporter;
    this.carp = carp;
    for (var group : config.election()) {
      var together = config.movesWith(group.name());
      if (together.size() > 1) {
        var _ = rules.computeIfAbsent(together, SyncGroupRule::new);
      }
    }
  }

  /// @param peer what the other node says of itself, by the first group of a sync group
  void look(Map<String, GroupSight> peer) {
    rules.forEach((groups, rule) -> {
      var roles = new LinkedHashMap<String, Carp>();
      groups.forEach(group -> roles.put(group, carp.apply(group)));
      var sight = peer.get(groups.getFirst());
      var verdict = rule.look(System.nanoTime(), roles, sight != null && sight.against().isEmpty());
      var text = verdict.against();
      // The board tells all groups of the sync group.
      causes.set(groups.getFirst(), "", Cause.SYNC_GROUP, text.isEmpty() ? null : text);
      if (!text.isEmpty() || !verdict.resign().isEmpty()) {
        reporter.soon();
      }
      if (!verdict.resign().isEmpty()) {
        reporter.resign(new ArrayList<>(verdict.resign()), verdict.cause());
      }
    });
  }
}
