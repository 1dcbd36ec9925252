package carpool.orchestrator.core;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// When the preferred node of an election group asks for its pools, one per group.
///
/// A living node that serves is never preempted: the preferred node says in its note that it wants
/// the pools, and the one that serves moves them as a switchover ([AgreedSwitchoverRule]). It asks
/// when it has been ready without a pause for the delay: a standby with current copies, no cause of
/// demotion, no fail count in its window, neither maintenance nor unmanaged mode.
///
/// Not thread-safe; time is the caller's.
public final class FailbackRule {
  private static final long SECOND = 1_000_000_000L;

  /// Between two looks; after a longer pause it is not known that nothing was wrong meanwhile.
  static final long GAP_MAX = 8 * SECOND;

  private final boolean preempt;
  private final long delayNanos;
  private @Nullable Long readySince;
  private long lookedNanos;

  /// What this node wants.
  ///
  /// @param concerned the other node serves what this one, the preferred one, may want
  /// @param wanted it is asked for now
  /// @param leftNanos of the delay; 0 when it does not run
  /// @param problem why it is not wanted, or not given; empty: nothing stands against it
  public record Wish(boolean concerned, boolean wanted, long leftNanos, String problem) {
    /// Nothing to be wanted.
    public static final Wish NONE = new Wish(false, false, 0, "");

    /// For people; empty when not concerned.
    public String text() {
      if (!concerned) {
        return "";
      }
      if (wanted) {
        return problem.isEmpty() ? "wanted" : "wanted, and refused, because " + problem;
      }
      return problem.isEmpty()
          ? "in " + (leftNanos + SECOND - 1) / SECOND + " s"
          : "not wanted, because " + problem;
    }
  }

  /// @param preempt false: nothing is ever wanted
  /// @param delayNanos for which this node has to be ready
  public FailbackRule(boolean preempt, long delayNanos) {
    this.preempt = preempt;
    this.delayNanos = delayNanos;
  }

  /// Both nodes as they are now.
  ///
  /// @param peer null: it has said nothing lately
  public Wish look(long now, GroupSight own, @Nullable GroupSight peer) {
    var paused = readySince != null && now - lookedNanos > GAP_MAX;
    lookedNanos = now;
    if (paused) {
      readySince = null;
    }
    if (!preempt || peer == null || own.advskew() >= peer.advskew() || !peer.serves()) {
      readySince = null;
      return Wish.NONE;
    }
    var problems = problems(own);
    if (!problems.isEmpty()) {
      readySince = null;
      return new Wish(true, false, 0, String.join("; ", problems));
    }
    if (readySince == null) {
      readySince = now;
    }
    var left = delayNanos - (now - readySince);
    return left > 0
        ? new Wish(true, false, left, "")
        : new Wish(
            true, true, 0, peer.refusal().isEmpty() ? "" : peer.node() + ": " + peer.refusal());
  }

  private static List<String> problems(GroupSight own) {
    return own.against().isEmpty() && !own.standsBy()
        ? List.of("this node is no standby yet")
        : own.against();
  }
}
