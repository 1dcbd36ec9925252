package carpool.kit.testing.sample.core;

import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/// Breaks every rule once.
final class DirtyCore {
  boolean step() {
    System.out.println(System.nanoTime());
    LoggerFactory.getLogger("x").info("{}", Thread.currentThread());
    return Files.exists(Path.of("/"));
  }
}
