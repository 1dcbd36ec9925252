package carpool.replicator.core.layout;

/// The bytes of a metadata area do not mean what they should. The message says what was found.
public final class LayoutException extends Exception {
  private static final long serialVersionUID = 1L;

  private final boolean missing;

  /// An exception that says what was found.
  ///
  /// @param message what was found, one sentence without a full stop
  public LayoutException(String message) {
    this(message, false);
  }

  private LayoutException(String message, boolean missing) {
    super(message);
    this.missing = missing;
  }

  /// There is no metadata at all: nobody made any, or something else is there.
  ///
  /// @param message what was found, one sentence without a full stop
  public static LayoutException missing(String message) {
    return new LayoutException(message, true);
  }

  /// The same about the provider `path`.
  public LayoutException on(Object path) {
    return new LayoutException(path + (missing ? " has " : ": ") + getMessage(), missing);
  }

  /// True when there is no metadata; false when there is some that cannot be used.
  public boolean isMissing() {
    return missing;
  }
}
