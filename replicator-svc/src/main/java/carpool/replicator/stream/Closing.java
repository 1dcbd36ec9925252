package carpool.replicator.stream;

import java.io.Closeable;
import java.io.IOException;

/// Closing what carries no data any more: a failure there changes nothing.
public final class Closing {
  private Closing() {}

  /// Closes `it`; a failure is nobody's concern.
  public static void quietly(Closeable it) {
    try {
      it.close();
    } catch (IOException _) {
      // The stream is given up; every reply that mattered was sent or is lost with it.
    }
  }
}
