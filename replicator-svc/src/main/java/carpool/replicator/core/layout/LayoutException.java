package carpool.replicator.core.layout;

/// The bytes of a metadata area do not mean what they should. The message says what was found.
public final class LayoutException extends Exception {
  private static final long serialVersionUID = 1L;

  /// An exception that says what was found.
  ///
  /// @param message what was found, one sentence without a full stop
  public LayoutException(String message) {
    super(message);
  }
}
