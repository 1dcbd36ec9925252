package carpool.replicator.link;

import java.io.IOException;
import java.io.Serial;

/// The peer sent what the protocol does not allow. Ends the connection; the service lives.
public final class ProtocolException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  /// An exception that says what came.
  public ProtocolException(String what) {
    super(what);
  }
}
