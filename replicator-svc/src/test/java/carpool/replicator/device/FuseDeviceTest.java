package carpool.replicator.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.kit.config.CarpoolConfig.DeviceKind;
import carpool.replicator.device.DeviceChoice.Way;
import carpool.replicator.nbd.ServeFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Real nbdkit and nbdfuse over a server in another process.
@Tag("peer")
class FuseDeviceTest {
  private static final long SIZE = 32 << 20;
  private static final Duration DEADLINE = Duration.ofSeconds(10);

  @TempDir Path directory;
  private final List<DeviceNode> nodes = new ArrayList<>();
  private @Nullable Process server;

  @BeforeEach
  void serve() throws Exception {
    var choice = DeviceChoice.choose(DeviceKind.NBDFUSE, HostProbe.look());
    assumeTrue(choice.way() == Way.FUSE, choice.problem());
    try (var file = new RandomAccessFile(image().toFile(), "rw")) {
      file.setLength(SIZE);
    }
    startServer();
  }

  @AfterEach
  void cleanUp() throws Exception {
    nodes.forEach(DeviceNode::close);
    node().disappear(DEADLINE).get(20, TimeUnit.SECONDS);
    nodes.getLast().close();
    killServer();
    assertThat(Mounts.on(device())).isZero();
  }

  @Test
  void appearsWithItsSizeAndDisappears() throws Exception {
    var node = node();
    assertThat(node.state()).isEqualTo(new DeviceNode.State("nbdfuse", "", false, ""));

    appear(node);

    assertThat(node.state())
        .isEqualTo(new DeviceNode.State("nbdfuse", device().toString(), true, ""));
    assertThat(Files.size(device())).isEqualTo(SIZE);
    Files.write(device(), bytes(1), StandardOpenOption.WRITE);
    assertThat(Files.readAllBytes(image())).startsWith(bytes(1));

    node.disappear(DEADLINE).get(20, TimeUnit.SECONDS);

    assertThat(Files.exists(device())).isFalse();
    assertThat(node.state().ready()).isFalse();
  }

  @Test
  void aKilledServerIsAPauseForAWriter() throws Exception {
    appear(node());
    var written = new AtomicInteger();
    var writer = CompletableFuture.runAsync(() -> write(written, 3_000));
    for (var kill = 0; kill < 3; kill++) {
      var before = written.get();
      assertThat(Deadline.in(DEADLINE).await(() -> written.get() > before + 50 || writer.isDone()))
          .isTrue();
      killServer();
      startServer();
    }
    writer.get(60, TimeUnit.SECONDS);

    assertThat(written.get()).isEqualTo(3_000);
    var image = Files.readAllBytes(image());
    for (var block = 0; block < 3_000; block++) {
      var at = block * 4096;
      assertThat(java.util.Arrays.copyOfRange(image, at, at + 4096)).isEqualTo(bytes(block));
    }
  }

  @Test
  void aRestartedReplicatorAdoptsTheDevice() throws Exception {
    var first = node();
    appear(first);
    var pids = pids();
    assertThat(pids).hasSize(2);
    first.close();
    try (var open = FileChannel.open(device(), StandardOpenOption.WRITE)) {
      var second = node();
      appear(second);

      assertThat(pids()).isEqualTo(pids);
      assertThat(second.state().ready()).isTrue();
      open.write(ByteBuffer.wrap(bytes(7)), 0);
      open.force(false);
    }
    assertThat(Files.readAllBytes(image())).startsWith(bytes(7));
  }

  @Test
  void deadMountsOfAnEarlierLifeAreRemoved() throws Exception {
    var first = node();
    appear(first);
    first.close();
    var pids = pids();
    for (var pid : pids) {
      kill("-KILL", pid);
    }
    assertThat(Deadline.in(DEADLINE).await(() -> !isAlive(pids))).isTrue();
    assertThat(Mounts.on(device())).isEqualTo(1);

    appear(node());

    assertThat(Files.size(device())).isEqualTo(SIZE);
  }

  @Test
  void aDeviceWhoseProgramDiesComesBack() throws Exception {
    var node = node();
    appear(node);
    kill("-KILL", pids().getFirst());

    assertThat(Deadline.in(DEADLINE).await(() -> !node.state().ready())).isTrue();
    assertThat(node.state().problem()).contains("nbdfuse ended");
    assertThat(Deadline.in(DEADLINE).await(() -> node.state().ready())).isTrue();
    assertThat(Files.size(device())).isEqualTo(SIZE);
  }

  @Test
  void aStoppedProgramAndAnOpenFileDoNotKeepTheDevice() throws Exception {
    var node = node();
    appear(node);
    try (var open = FileChannel.open(device(), StandardOpenOption.READ)) {
      kill("-STOP", pids().getFirst());

      node.disappear(Duration.ofSeconds(4)).get(6, TimeUnit.SECONDS);

      assertThat(Files.exists(device())).isFalse();
      assertThat(open.isOpen()).isTrue();
    }
  }

  @Test
  void aDeviceThatCannotBeMadeSaysWhyAndIsTriedAgain() throws Exception {
    Files.createDirectories(device().getParent());
    Files.writeString(device(), "somebody's file");
    var node = node();

    var made = node.appear(SIZE);

    assertThat(made).failsWithin(DEADLINE);
    assertThat(node.state().problem()).contains("is in the way and is not ours");
    Files.delete(device());
    assertThat(Deadline.in(DEADLINE).await(() -> node.state().ready())).isTrue();
  }

  // ----- the surroundings

  private DeviceNode node() {
    var settings =
        new DeviceSettings(
            DeviceKind.NBDFUSE,
            directory.resolve("hast"),
            directory.resolve("state"),
            Duration.ofSeconds(60));
    var node = new DeviceNode(settings, "disk1", directory.resolve("run/disk1.sock"));
    nodes.add(node);
    return node;
  }

  private static void appear(DeviceNode node) throws Exception {
    node.appear(SIZE).get(30, TimeUnit.SECONDS);
  }

  private Path device() {
    return directory.resolve("hast/disk1");
  }

  private Path image() {
    return directory.resolve("disk1.img");
  }

  private void startServer() throws Exception {
    var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var command =
        List.of(
            java,
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            ServeFile.class.getName(),
            directory.resolve("run/disk1.sock").toString(),
            "disk1",
            image().toString());
    var log = directory.resolve("server.log").toFile();
    var process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.to(log))
            .start();
    server = process;
    var up =
        Deadline.in(Duration.ofSeconds(30))
            .await(() -> !process.isAlive() || says(log.toPath(), "serving"));
    assertThat(up && process.isAlive()).as("%s", Files.readString(log.toPath())).isTrue();
  }

  private static boolean says(Path log, String word) {
    try {
      return Files.readString(log).contains(word);
    } catch (IOException _) {
      return false;
    }
  }

  private void killServer() throws Exception {
    var process = server;
    if (process != null) {
      process.destroyForcibly().waitFor();
    }
  }

  /// nbdfuse first, nbdkit second.
  private List<Long> pids() {
    return java.util.stream.Stream.of("nbdfuse", "nbdkit")
        .flatMap(program ->
            ProcessHandle.allProcesses()
                .filter(process -> commandLine(process).startsWith(program + " "))
                .filter(process -> commandLine(process).contains(directory.toString())))
        .map(ProcessHandle::pid)
        .toList();
  }

  private static String commandLine(ProcessHandle process) {
    try {
      return Files.readString(Path.of("/proc/" + process.pid() + "/cmdline")).replace('\0', ' ');
    } catch (IOException _) {
      return "";
    }
  }

  private static boolean isAlive(List<Long> pids) {
    return pids.stream()
        .anyMatch(pid ->
            ProcessHandle.of(pid).map(process -> !commandLine(process).isEmpty()).orElse(false));
  }

  private static void kill(String signal, long pid) throws Exception {
    new ProcessBuilder("kill", signal, Long.toString(pid)).start().waitFor();
  }

  private void write(AtomicInteger written, int blocks) {
    try (var file = FileChannel.open(device(), StandardOpenOption.WRITE)) {
      for (var block = 0; block < blocks; block++) {
        file.write(ByteBuffer.wrap(bytes(block)), block * 4096L);
        if (block % 8 == 0) {
          file.force(false);
        }
        written.incrementAndGet();
      }
      file.force(false);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static byte[] bytes(int block) {
    var bytes = new byte[4096];
    new Random(block).nextBytes(bytes);
    return bytes;
  }
}
