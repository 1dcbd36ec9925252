package carpool.orchestrator.core;

import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// When the node that serves moves the pools of one election group to the other node although it
/// could go on serving: because that one is preferred and asks for them, or because a disk failed
/// here. One per group.
///
/// Only to a node that says itself that it is ready, and that is up to date as far as this one can
/// see; and once for each reason and window, whether it succeeds or not: a fault that stands still
/// moves the pools once. The attempts outlive the process, so they are kept by the caller before
/// the move begins.
///
/// Not thread-safe; time is the caller's.
public final class AgreedSwitchoverRule {
  private static final long MINUTE = 60_000_000_000L;

  /// Why pools move.
  public enum Kind {
    /// The other node is the preferred one.
    FAILBACK,
    /// A local disk failed, and the pool is served from the other node's copy.
    DISK
  }

  /// A move that was begun.
  ///
  /// @param problem why it did not succeed; empty: it did, or its end is not known
  public record Attempt(Kind kind, long atNanos, String problem) {}

  /// This node, as far as it has to do with giving the pools away.
  ///
  /// @param sight as this node says of itself; what stands against serving here is of no account
  /// @param blockers why it takes no step, or is busy with another
  /// @param failedDisks names of the resources whose local disk failed, of pools that move then
  /// @param behind names of the resources that the other node could not go on with now
  public record Own(
      GroupSight sight,
      Carp carp,
      Collection<String> blockers,
      List<String> failedDisks,
      List<String> behind) {}

  /// What is to be done.
  ///
  /// @param move null: nothing
  /// @param cause of the move, for people
  /// @param refusal why a move that there is a reason for is not made; empty: there is none, or it
  ///   is made
  public record Decision(@Nullable Kind move, String cause, String refusal) {
    /// Nothing to do and nothing to say.
    public static final Decision NOTHING = new Decision(null, "", "");
  }

  private final long windowNanos;
  private final Map<Kind, Attempt> attempts = new EnumMap<>(Kind.class);

  /// @param windowNanos in which a move is not repeated
  /// @param kept attempts of the process before this one
  public AgreedSwitchoverRule(long windowNanos, Collection<Attempt> kept) {
    this.windowNanos = windowNanos;
    kept.forEach(attempt -> attempts.put(attempt.kind(), attempt));
  }

  /// Both nodes as they are now.
  ///
  /// @param peer null: it has said nothing lately
  public Decision look(long now, Own own, @Nullable GroupSight peer) {
    attempts.values().removeIf(attempt -> now - attempt.atNanos() >= windowNanos);
    if (!own.sight().serves() || own.carp() != Carp.MASTER) {
      return Decision.NOTHING;
    }
    if (!own.failedDisks().isEmpty()) {
      return decide(
          now,
          Kind.DISK,
          "disk failed on " + own.sight().node() + ": " + String.join(", ", own.failedDisks()),
          own,
          peer);
    }
    if (peer != null && peer.wanted() && peer.advskew() < own.sight().advskew()) {
      return decide(
          now, Kind.FAILBACK, "failback: " + peer.node() + " is preferred and ready", own, peer);
    }
    return Decision.NOTHING;
  }

  private Decision decide(long now, Kind kind, String cause, Own own, @Nullable GroupSight peer) {
    var refusal = refusal(now, kind, own, peer);
    return refusal.isEmpty() ? new Decision(kind, cause, "") : new Decision(null, cause, refusal);
  }

  private String refusal(long now, Kind kind, Own own, @Nullable GroupSight peer) {
    if (peer == null) {
      return "the orchestrator of the other node has said nothing lately";
    }
    if (!own.blockers().isEmpty()) {
      return String.join("; ", own.blockers());
    }
    if (!peer.against().isEmpty()) {
      return peer.node() + " is not ready: " + String.join("; ", peer.against());
    }
    if (!peer.standsBy()) {
      return peer.node() + " is no standby";
    }
    if (!own.behind().isEmpty()) {
      return "not connected or not up to date on "
          + peer.node()
          + ": "
          + String.join(", ", own.behind());
    }
    var before = attempts.get(kind);
    if (before != null) {
      return "it was %s %s ago; not again for %s"
          .formatted(
              before.problem().isEmpty()
                  ? "moved for this reason"
                  : "tried and failed (" + before.problem() + ")",
              minutes(now - before.atNanos()),
              minutes(windowNanos - (now - before.atNanos())));
    }
    return "";
  }

  private static String minutes(long nanos) {
    return (nanos + MINUTE - 1) / MINUTE + " min";
  }

  /// A move begins.
  public void begun(Kind kind, long now) {
    attempts.put(kind, new Attempt(kind, now, ""));
  }

  /// It is over.
  ///
  /// @param problem empty: the other node serves
  public void ended(Kind kind, String problem) {
    attempts.computeIfPresent(kind, (_, attempt) -> new Attempt(kind, attempt.atNanos(), problem));
  }

  /// An operator wants what was tried to be forgotten.
  public void forget() {
    attempts.clear();
  }

  /// To be kept over a restart.
  public List<Attempt> attempts() {
    return List.copyOf(attempts.values());
  }
}
