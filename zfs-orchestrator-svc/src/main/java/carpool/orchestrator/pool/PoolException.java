package carpool.orchestrator.pool;

/// A command for a pool did not do what it should.
public final class PoolException extends Exception {
  private static final long serialVersionUID = 1L;

  /// What the workflow tells apart.
  public enum Kind {
    FAILED,
    TIMED_OUT,
    ABORTED,
    /// The devices hold no pool of this name.
    NOT_FOUND
  }

  private final Kind kind;
  private final String hint;

  PoolException(Kind kind, String message, String hint) {
    super(message);
    this.kind = kind;
    this.hint = hint;
  }

  /// Why.
  public Kind kind() {
    return kind;
  }

  /// What would change it; may be empty.
  public String hint() {
    return hint;
  }
}
