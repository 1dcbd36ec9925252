package carpool.replicator.link;

import java.io.IOException;
import java.io.Serial;

/// A frame arrived changed; nothing of it was used. Ends the connection.
final class ChecksumException extends IOException {
  @Serial private static final long serialVersionUID = 1L;

  ChecksumException() {
    super("a frame with a wrong checksum");
  }
}
