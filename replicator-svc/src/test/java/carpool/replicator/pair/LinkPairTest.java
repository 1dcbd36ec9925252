package carpool.replicator.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.kit.testing.ForeignTools;
import carpool.replicator.v1.LinkState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Settings of hast.conf that concern the link, obeyed by two real replicators.
@Tag("peer")
class LinkPairTest {
  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({"crc32c, lz4", "sha256, lzf", "crc32, hole", "none, none"})
  void checksumAndCompressionAreObeyed(String checksum, String compression) throws Exception {
    var hast = "checksum " + checksum + "\ncompression " + compression;
    try (var pair = new Pair(directory, "memsync", new Pair.Extras(hast, "", ""))) {
      pair.up();
      long before = pair.status(1).getStatistics().getSentBytes();
      Tools.run(
          "fio",
          "--name=w",
          "--ioengine=nbd",
          "--uri=" + pair.uri(1),
          "--rw=randwrite",
          "--bsrange=4k-256k",
          "--iodepth=8",
          "--size=32M",
          "--buffer_compress_percentage=80",
          "--buffer_compress_chunk=4k",
          "--verify=crc32c",
          "--verify_fatal=1",
          "--verify_state_save=0");
      long sent = pair.status(1).getStatistics().getSentBytes() - before;
      pair.kill(2);
      pair.start(2);
      pair.awaitComplete(1);

      assertEquals(-1, pair.firstDifference());
      if (compression.startsWith("lz")) {
        assertThat(sent).isLessThan(16 << 20);
      } else {
        assertThat(sent).isGreaterThan(32 << 20);
      }
    }
  }

  @Test
  void peerWithAnotherChecksumIsUnderstood() throws Exception {
    var extras = new Pair.Extras("checksum sha256", "", "");
    try (var pair = new Pair(directory, "fullsync", extras)) {
      pair.replaceInHast(2, "checksum sha256", "checksum crc32c");

      pair.up();

      Tools.run("qemu-io", "-f", "raw", "-c", "write -P 3 1M 1M", pair.uri(1));
      assertEquals(-1, pair.firstDifference());
    }
  }

  /// The secondary's disk is a file served by nbdkit, and nbdkit is stopped: the process goes on
  /// saying that it is alive, and answers no write.
  @Test
  void peerWhoseDiskHangsIsLeftBehindWithinTheTimeout() throws Exception {
    assumeTrue(Files.exists(Path.of("/dev/fuse")), "no FUSE here");
    assumeTrue(ForeignTools.find("nbdkit").isPresent(), "nbdkit is not installed");
    try (var pair = new Pair(directory, "fullsync", new Pair.Extras("timeout 2", "", ""));
        var disk = new StoppableDisk(pair.image(2))) {
      pair.up();
      disk.stop();
      long start = System.nanoTime();
      Tools.run("qemu-io", "-f", "raw", "-c", "write -P 4 1M 64k", "-c", "flush", pair.uri(1));
      assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(8));
      pair.await(1, "apart", r -> r.getLink() != LinkState.LINK_STATE_CONNECTED);
      assertThat(pair.logs()).contains("the peer is alive, but has not answered a request");

      disk.go();

      pair.awaitComplete(1);
      assertEquals(-1, pair.firstDifference());
    }
  }

  /// Every flush of the secondary's disk takes five minutes. Neither a FLUSH of the primary nor
  /// what follows it waits for that.
  @Test
  void peerWhoseFsyncHangsHoldsUpOneFlushForTheTimeoutAndNoneAfterwards() throws Exception {
    assumeTrue(ForeignTools.find("strace").isPresent(), "strace is not installed");
    try (var pair = new Pair(directory, "fullsync", new Pair.Extras("timeout 5", "", ""))) {
      pair.up();
      var strace =
          new ProcessBuilder(
                  "strace",
                  "-f",
                  "-q",
                  "-o",
                  directory.resolve("strace.out").toString(),
                  "-e",
                  "trace=fdatasync,fsync",
                  "-e",
                  "inject=fdatasync,fsync:delay_enter=300000000",
                  "-p",
                  Long.toString(pair.pid(2)))
              .redirectErrorStream(true)
              .redirectOutput(directory.resolve("strace.log").toFile())
              .start();
      try {
        awaitTraced(pair.pid(2));
        assertThat(secondsOf(pair, "write -P 4 1M 64k", "flush")).isBetween(4.0, 14.0);
        for (int i = 0; i < 5; i++) {
          assertThat(secondsOf(pair, "write -P 5 " + (2 + i) + "M 64k", "flush"))
              .as("flush %s after the first", i)
              .isLessThan(3);
          TimeUnit.SECONDS.sleep(3); // meanwhile the nodes try to meet
        }
      } finally {
        strace.destroyForcibly().waitFor(); // or it keeps the process from ending
        pair.kill(2);
      }
      pair.start(2);

      pair.awaitComplete(1);
      assertEquals(-1, pair.firstDifference());
    }
  }

  private static double secondsOf(Pair pair, String first, String second) throws Exception {
    long start = System.nanoTime();
    Tools.run("qemu-io", "-f", "raw", "-c", first, "-c", second, pair.uri(1));
    return (System.nanoTime() - start) / 1e9;
  }

  private static void awaitTraced(long pid) throws Exception {
    var status = Path.of("/proc/" + pid + "/status");
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (Files.readString(status).contains("TracerPid:\t0\n")) {
      assumeTrue(System.nanoTime() < end, "strace may not attach here");
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  /// A disk that can be made to hang: its file is a window on nbdkit.
  private static final class StoppableDisk implements AutoCloseable {
    private final Path file;
    private final Process server;
    private final Process window;

    StoppableDisk(Path file) throws Exception {
      this.file = file;
      var data = Files.move(file, file.resolveSibling("data"));
      var socket = file.resolveSibling("s");
      server = Tools.start("nbdkit", "-f", "-U", socket.toString(), "file", data.toString());
      await(() -> Files.exists(socket));
      Files.createFile(file);
      window = Tools.start("nbdfuse", file.toString(), "nbd+unix:///?socket=" + socket);
      await(() -> Files.size(file) == Pair.SIZE_BYTES);
    }

    private interface Condition {
      boolean holds() throws Exception;
    }

    private static void await(Condition condition) throws Exception {
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      while (!condition.holds()) {
        assertThat(System.nanoTime()).as("the disk comes").isLessThan(end);
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }

    private void signal(String name) throws IOException {
      command("kill", "-" + name, "" + server.pid());
    }

    private static void command(String... words) throws IOException {
      new ProcessBuilder(List.of(words)).inheritIO().start().onExit().join();
    }

    void stop() throws IOException {
      signal("STOP");
    }

    void go() throws IOException {
      signal("CONT");
    }

    @Override
    public void close() throws IOException {
      go();
      command("fusermount", "-uz", file.toString());
      window.destroy();
      server.destroy();
    }
  }
}
