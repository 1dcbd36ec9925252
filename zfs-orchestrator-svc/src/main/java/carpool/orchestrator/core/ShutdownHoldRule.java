package carpool.orchestrator.core;

import org.jspecify.annotations.Nullable;

/// Whether an orderly shutdown of this node is to be held: while the only complete copy of a pool
/// is here the pool is served nowhere afterwards. The hold is in place before a shutdown is asked
/// for, and ends after its time, or when the other copy is complete.
///
/// Not thread-safe; time is the caller's.
public final class ShutdownHoldRule {
  private static final long SECOND = 1_000_000_000L;

  private final long holdNanos;
  private @Nullable Long askedSince;
  private boolean given;

  /// What follows.
  ///
  /// @param hold shutdowns have to wait
  /// @param warning to be told to everybody on this machine, once; may be empty
  public record Decision(boolean hold, String warning) {}

  /// @param holdNanos for which a shutdown is held; 0: not at all
  public ShutdownHoldRule(long holdNanos) {
    this.holdNanos = holdNanos;
  }

  /// This node as it is now.
  ///
  /// @param onlyCopy what is complete on this node only, for people; empty: nothing is
  /// @param asked a shutdown was asked for and waits
  public Decision look(long now, String onlyCopy, boolean asked) {
    if (onlyCopy.isEmpty() || holdNanos == 0) {
      var waited = askedSince != null && asked;
      askedSince = null;
      given = false;
      return new Decision(
          false, waited ? "carpool: the other copy is complete; the shutdown goes on" : "");
    }
    if (!asked) {
      askedSince = null;
      given = false;
      return new Decision(true, "");
    }
    if (askedSince == null) {
      askedSince = now;
      return new Decision(
          true,
          "carpool: the only complete copy is on this node: %s. After a shutdown nobody serves it;"
                  .formatted(onlyCopy)
              + " the shutdown is held for up to %d s".formatted(holdNanos / SECOND));
    }
    if (now - askedSince < holdNanos) {
      return new Decision(true, "");
    }
    var first = !given;
    given = true;
    return new Decision(
        false,
        first
            ? "carpool: the shutdown goes on, and nobody serves what is complete here only: "
                + onlyCopy
            : "");
  }
}
