package carpool.replicator.pair;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.kit.testing.ForeignTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Puts a disk whose power can be cut in the place of a provider's image. `nbdkit` with its cache
/// filter keeps writes to itself until it is asked to flush (nbdkit-cache-filter(1), `writeback`),
/// `nbdfuse` makes a file of it, and the image's name becomes a link to that file. When nbdkit is
/// killed, what was not flushed is gone, as with a disk's own cache.
final class VolatileDisk implements AutoCloseable {
  private final Path directory;
  private final Path real;
  private final Path mount;
  private final List<Process> processes = new ArrayList<>();

  /// @param directory of its own
  VolatileDisk(Path directory, Path image) throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "/dev/fuse cannot be opened");
    for (var tool : List.of("nbdfuse", "nbdkit")) {
      assumeTrue(ForeignTools.find(tool).isPresent(), tool + " is not installed");
    }
    this.directory = Files.createDirectories(directory);
    real = Files.move(image, directory.resolve("real.img"));
    mount = Files.createDirectories(directory.resolve("disk"));
    Files.createSymbolicLink(image, mount.resolve("disk"));
    powerOn();
  }

  /// What is durable.
  Path real() {
    return real;
  }

  void powerOn() throws Exception {
    var socket = directory.resolve("nbd.sock");
    Files.deleteIfExists(socket);
    start(
        "nbdkit",
        "--foreground",
        "--unix",
        socket.toString(),
        "--filter=cache",
        "file",
        real.toString(),
        "cache=writeback");
    await(() -> Files.exists(socket));
    start("nbdfuse", mount.resolve("disk").toString(), "nbd+unix:///?socket=" + socket);
    await(() -> Files.exists(mount.resolve("disk")));
  }

  /// What was not flushed is gone. The replicator on this disk must be dead already, or die with
  /// it.
  void powerOff() throws IOException, InterruptedException {
    for (var process : processes) {
      process.destroyForcibly();
      process.waitFor(10, TimeUnit.SECONDS);
    }
    processes.clear();
    for (var tool : List.of("fusermount3", "fusermount")) {
      if (ForeignTools.find(tool).isPresent()) {
        new ProcessBuilder(tool, "-u", "-z", mount.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start()
            .waitFor();
      }
    }
  }

  private void start(String... command) throws IOException {
    processes.add(
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve(command[0] + ".log").toFile())
            .start());
  }

  private static void await(java.util.function.BooleanSupplier there) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!there.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("the disk did not come up");
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      powerOff();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
