package carpool.replicator.pair;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.kit.testing.ForeignTools;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Puts a disk that can be made to fail in the place of a provider's image: `nbdkit` with its error
/// filter serves the image, `nbdfuse` makes a file of it, and the image's name becomes a link to
/// that file.
final class FaultyDisk implements AutoCloseable {
  private final Path mount;
  private final Path trigger;
  private final Path log;
  private final List<Process> processes = new ArrayList<>();

  /// @param what which requests fail once [#fail] was called: `pread` or `pwrite`
  FaultyDisk(Path directory, Path image, String what) throws Exception {
    assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "/dev/fuse cannot be opened");
    for (var tool : List.of("nbdfuse", "nbdkit")) {
      assumeTrue(ForeignTools.find(tool).isPresent(), tool + " is not installed");
    }
    trigger = directory.resolve("disk-fails");
    log = directory.resolve("requests.log");
    mount = Files.createDirectories(directory.resolve("faulty"));
    var real = Files.move(image, directory.resolve("real.img"));
    var socket = directory.resolve("faulty.sock");
    start(
        directory,
        "nbdkit",
        "--foreground",
        "--unix",
        socket.toString(),
        "--filter=log",
        "--filter=error",
        "file",
        real.toString(),
        "error=EIO",
        "error-" + what + "-rate=100%",
        "error-file=" + trigger,
        "logfile=" + log);
    await(() -> Files.exists(socket));
    start(directory, "nbdfuse", mount.resolve("disk").toString(), "nbd+unix:///?socket=" + socket);
    await(() -> Files.exists(mount.resolve("disk")));
    Files.createSymbolicLink(image, mount.resolve("disk"));
  }

  private void start(Path directory, String... command) throws IOException {
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
        throw new AssertionError("the faulty disk did not come up");
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  /// From now on the requests fail.
  void fail() throws IOException {
    Files.createFile(trigger);
  }

  /// How often it was flushed.
  long flushes() throws IOException {
    return Files.readAllLines(log).stream().filter(line -> line.contains(" Flush id=")).count();
  }

  @Override
  public void close() throws IOException {
    try {
      new ProcessBuilder("fusermount", "-u", "-z", mount.toString()).start().waitFor();
      new ProcessBuilder("fusermount3", "-u", "-z", mount.toString()).start().waitFor();
      for (var process : processes.reversed()) {
        process.destroy();
        process.waitFor(10, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
