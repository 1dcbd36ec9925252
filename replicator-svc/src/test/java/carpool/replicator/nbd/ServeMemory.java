package carpool.replicator.nbd;

import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/// A program for measurements by hand: serves memory as export `res0`.
///
/// Arguments: socket path, size in bytes, slot size in bytes.
final class ServeMemory {
  private ServeMemory() {}

  public static void main(String[] args) throws Exception {
    var device = new MemoryDevice(Long.parseLong(args[1]), Integer.parseInt(args[2]), 256, false);
    try (var server = NbdServer.listenUnix(Path.of(args[0]), new OneExport("res0", device))) {
      System.err.println("serving on " + server.address());
      new CountDownLatch(1).await();
    }
  }
}
