package carpool.replicator.nbd;

import carpool.replicator.store.LocalProvider;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/// A program that serves a file until it is killed. Arguments: socket path, export name, file.
public final class ServeFile {
  private ServeFile() {}

  public static void main(String[] args) throws Exception {
    var device = new FileDevice(LocalProvider.attach(Path.of(args[2])));
    try (var server = NbdServer.listenUnix(Path.of(args[0]), new OneExport(args[1], device))) {
      System.out.println("serving " + server.address());
      new CountDownLatch(1).await();
    }
  }
}
