package carpool.replicator.nbd;

import java.io.Closeable;
import java.io.IOException;

/// Closing what carries no data any more: a failure there changes nothing.
final class Closing {
  private Closing() {}

  static void quietly(Closeable it) {
    try {
      it.close();
    } catch (IOException _) {
      // The stream is given up; every reply that mattered was sent or is lost with it.
    }
  }
}
