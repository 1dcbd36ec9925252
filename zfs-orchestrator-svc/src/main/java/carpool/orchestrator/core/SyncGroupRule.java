package carpool.orchestrator.core;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Keeps the CARP groups of one sync group at one node, as keepalived's `vrrp_sync_group` does.
/// CARP moves each group by itself; this rule sees that they are apart, and brings them together.
///
/// - A group that cannot take part here (INIT: its interface is down) counts against this node for
///   all of them, and the others are resigned once the other node is ready for them.
/// - Else, when the roles differ for [#APART_NANOS], the node that is BACKUP of the first group
///   gives the others away. Both nodes judge by the same group, so they never swap.
/// - Nothing is given to a node that has not said that it is ready for all of them: an interface
///   may be down there, too. A group that is resigned and not taken comes back after a dead time,
///   in which nobody answers.
///
/// Not safe for concurrent use.
public final class SyncGroupRule {
  private static final long SECOND = 1_000_000_000L;

  /// A takeover moves one group after the other; within this time roles may differ.
  static final long APART_NANOS = 10 * SECOND;

  /// Between resignations: the other node needs some seconds to take a group.
  static final long AGAIN_NANOS = 30 * SECOND;

  private final List<String> groups;
  private long apartSinceNanos;
  private boolean apart;
  private long resignedNanos;
  private boolean resigned;

  /// What follows.
  ///
  /// @param against why this node is worse for all groups; empty: nothing
  /// @param resign groups to be given away now
  /// @param cause of that, for people
  public record Verdict(String against, List<String> resign, String cause) {
    /// Nothing follows.
    public static final Verdict NOTHING = new Verdict("", List.of(), "");
  }

  /// @param groups in the order of the configuration
  public SyncGroupRule(List<String> groups) {
    this.groups = List.copyOf(groups);
  }

  /// Judges the roles as they are now; to be called every few seconds, and when one changes.
  ///
  /// @param carp of each group here; one that is missing is unknown
  /// @param peerReady the other node could serve all of them
  public Verdict look(long now, Map<String, Carp> carp, boolean peerReady) {
    var masters = new ArrayList<String>();
    var out = new ArrayList<String>();
    for (var group : groups) {
      switch (carp.getOrDefault(group, Carp.UNKNOWN)) {
        case UNKNOWN -> {
          // The election does not answer: nothing is known, and nothing could be told.
          apart = false;
          return Verdict.NOTHING;
        }
        case INIT -> out.add(group);
        case MASTER -> masters.add(group);
        case BACKUP -> {}
      }
    }
    var against =
        out.isEmpty() || out.size() == groups.size()
            ? ""
            : "group " + String.join(", ", out) + " of the same sync group is INIT";
    boolean differ = !masters.isEmpty() && masters.size() < groups.size();
    if (!differ) {
      apart = false;
      return new Verdict(against, List.of(), "");
    }
    if (!apart) {
      apart = true;
      apartSinceNanos = now;
    }
    var first = groups.getFirst();
    boolean due =
        !out.isEmpty() || (!masters.contains(first) && now - apartSinceNanos >= APART_NANOS);
    if (!due || !peerReady || (resigned && now - resignedNanos < AGAIN_NANOS)) {
      return new Verdict(against, List.of(), "");
    }
    resigned = true;
    resignedNanos = now;
    return new Verdict(
        against,
        masters,
        out.isEmpty() ? "group " + first + " is served by the other node" : against);
  }
}
