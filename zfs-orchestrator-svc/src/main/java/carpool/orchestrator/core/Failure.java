package carpool.orchestrator.core;

/// Why a step failed.
///
/// @param refusal of a promotion; else NONE
/// @param text what was found, for people
/// @param hint what would change it; may be empty
public record Failure(Kind kind, Refusal refusal, String text, String hint) {

  /// What the workflow decides by.
  public enum Kind {
    /// The command or call said no.
    FAILED,
    TIMED_OUT,
    /// Broken off because [PoolEffect.Abort] asked for it.
    ABORTED,
    /// The replicator refused the role; see the refusal.
    REFUSED,
    /// The devices hold no pool of this name.
    NOT_FOUND,
    /// The service that had to do it does not answer.
    UNREACHABLE
  }

  /// A failure that needs no more words.
  public static Failure of(Kind kind, String text) {
    return new Failure(kind, Refusal.NONE, text, "");
  }
}
