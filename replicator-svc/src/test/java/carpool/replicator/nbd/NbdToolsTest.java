package carpool.replicator.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Clients of other people against the server over a device in memory.
@Tag("peer")
class NbdToolsTest {
  private static final int MIB = 1 << 20;

  @TempDir Path directory;
  private final MemoryDevice device = new MemoryDevice(64 * MIB);
  private NbdServer server;
  private String uri;

  @BeforeEach
  void serve() throws Exception {
    var socket = directory.resolve("disk1.sock");
    server = NbdServer.listenUnix(socket, new OneExport("disk1", device));
    uri = "nbd+unix:///disk1?socket=" + socket;
  }

  @AfterEach
  void stop() throws Exception {
    server.stop(Duration.ofSeconds(5));
    assertThat(device.allSlotsFree()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "connect",
        "read",
        "write",
        "flush",
        "fua",
        "trim",
        "zero",
        "df",
        "multi-conn",
        "cache",
        "fast-zero",
        "structured-reply"
      })
  void nbdinfoFindsTheCapability(String what) throws Exception {
    run("nbdinfo", "--can", what, uri);
  }

  @Test
  void nbdinfoListsAndMaps() throws Exception {
    var all = "nbd+unix:///?socket=" + directory.resolve("disk1.sock");
    assertThat(run("nbdinfo", "--list", all)).contains("export=\"disk1\"", "export-size: 67108864");
    assertThat(run("nbdinfo", all)).contains("block_size_maximum: 33554432");
    run("qemu-io", "-f", "raw", "-c", "write -P 1 1M 2M", uri);

    assertThat(
            run("nbdinfo", "--map", uri).lines().map(line -> line.replaceAll("\\s+", " ").strip()))
        .containsExactly(
            "0 1048576 3 hole,zero", "1048576 2097152 0 data", "3145728 63963136 3 hole,zero");
  }

  @Test
  void nbdcopyCopiesInAndOut() throws Exception {
    var image = image(64 * MIB);
    var back = directory.resolve("back.img");

    run("nbdcopy", "--flush", image.toString(), uri);
    run("nbdcopy", uri, back.toString());

    assertThat(Files.mismatch(image, back)).isEqualTo(-1);
    assertThat(device.flushes.get()).isPositive();
  }

  @Test
  void qemuIoDoesEveryKindOfRequest() throws Exception {
    var output =
        run(
            "qemu-io",
            "-f",
            "raw",
            "-c",
            "write -P 5 513 1000",
            "-c",
            "read -P 5 513 1000",
            "-c",
            "read -P 0 0 513",
            "-c",
            "write -f -P 6 8M 9M",
            "-c",
            "read -P 6 8M 9M",
            "-c",
            "write -z 9M 1M",
            "-c",
            "write -z -u 10M 1M",
            "-c",
            "discard 11M 1M",
            "-c",
            "read -P 0 9M 3M",
            "-c",
            "read -P 6 12M 5M",
            "-c",
            "aio_write -P 7 20M 4M",
            "-c",
            "aio_write -P 8 30M 4M",
            "-c",
            "aio_flush",
            "-c",
            "read -P 8 30M 4M",
            "-c",
            "flush",
            uri);

    assertThat(output).doesNotContainIgnoringCase("fail").doesNotContainIgnoringCase("error");
  }

  @Test
  void qemuImgConvertsAndCompares() throws Exception {
    var image = image(64 * MIB).toString();

    run("qemu-img", "convert", "-n", "-W", "-m", "16", "-f", "raw", "-O", "raw", image, uri);

    assertThat(run("qemu-img", "compare", "-f", "raw", "-F", "raw", image, uri))
        .contains("Images are identical");
  }

  @ParameterizedTest
  // Not randrw: fio cannot verify that with several sizes, not even on a plain file.
  @ValueSource(strings = {"randwrite", "randtrim", "write"})
  void fioVerifies(String kind) throws Exception {
    run(
        "fio",
        "--name=verify",
        "--ioengine=nbd",
        "--uri=" + uri,
        "--rw=" + kind,
        "--bsrange=512-256k",
        "--blockalign=512",
        "--iodepth=32",
        "--size=64M",
        "--io_size=128M",
        "--verify=" + (kind.equals("randtrim") ? "0" : "crc32c"),
        "--verify_fatal=1",
        "--verify_state_save=0",
        "--fsync=50",
        "--randseed=7");
  }

  @Test
  void fioRunsOnFourConnections() throws Exception {
    run(
        "fio",
        "--name=multi",
        "--ioengine=nbd",
        "--uri=" + uri,
        "--rw=randwrite",
        "--bs=4k",
        "--iodepth=16",
        "--numjobs=4",
        "--offset_increment=16M",
        "--size=16M",
        "--verify=crc32c",
        "--verify_fatal=1",
        "--verify_state_save=0");
  }

  @Test
  void theRetryingProxyPassesEverythingOn() throws Exception {
    var proxied = directory.resolve("proxy.sock");
    var command =
        List.of(
            "nbdkit",
            "-f",
            "-U",
            proxied.toString(),
            "--filter=retry",
            "nbd",
            "socket=" + directory.resolve("disk1.sock"),
            "export=disk1");
    var proxy = start(command);
    try {
      var deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
      while (!Files.exists(proxied) && proxy.isAlive() && System.nanoTime() < deadline) {
        TimeUnit.MILLISECONDS.sleep(5);
      }
      var image = image(64 * MIB).toString();
      var through = "nbd+unix:///?socket=" + proxied;
      run("nbdcopy", image, through);
      assertThat(run("qemu-img", "compare", "-f", "raw", "-F", "raw", image, through))
          .contains("Images are identical");
    } finally {
      proxy.destroy();
      assertThat(proxy.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  private Path image(int bytes) throws Exception {
    var content = new byte[bytes];
    new Random(bytes).nextBytes(content);
    // Some of it blank, for the tools that look for that.
    java.util.Arrays.fill(content, bytes / 4, bytes / 2, (byte) 0);
    return Files.write(directory.resolve("image"), content);
  }

  private Process start(List<String> command) throws Exception {
    var found =
        Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
            .anyMatch(path -> Files.isExecutable(Path.of(path, command.getFirst())));
    assumeTrue(found, command.getFirst() + " is not installed");
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("output").toFile())
        .directory(directory.toFile())
        .start();
  }

  private String run(String... command) throws Exception {
    var process = start(List.of(command));
    var ended = process.waitFor(60, TimeUnit.SECONDS);
    if (!ended) {
      process.destroyForcibly();
    }
    var output = Files.readString(directory.resolve("output"), StandardCharsets.UTF_8);
    assertThat(ended).as("%s ended: %s", List.of(command), output).isTrue();
    assertThat(process.exitValue()).as("%s: %s", List.of(command), output).isZero();
    return output;
  }
}
