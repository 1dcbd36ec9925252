package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A replicator that serves three resources lives in 256 MB: both nodes of a pair, started by the
/// launchers as they are installed, in control groups of that size where the machine lets us make
/// some, while three clients write and verify.
class MemoryIT {
  private static final Path BIN = Path.of("target/carpool/bin").toAbsolutePath();
  private static final long LIMIT_BYTES = 256L << 20;
  private static final List<String> DISKS = List.of("disk1", "disk2", "disk3");

  private static final List<String> BLOCKS = List.of("4k", "64k", "1m");

  /// More than the limit in all: what is written cannot stay in memory that counts.
  private static final int WRITTEN_MIB = 128;

  @TempDir Path directory;
  private final List<Process> services = new ArrayList<>();
  private final List<MemoryGroup> groups = new ArrayList<>();

  private Path home(int node) {
    return directory.resolve("hast" + node);
  }

  private void configure() throws IOException {
    int port = freePort();
    int blockPort = freePort();
    var hast = new StringBuilder();
    for (var disk : DISKS) {
      hast.append(
          """
          resource %1$s {
            replication fullsync
            on hast1 { local %2$s/%1$s.img remote 127.0.0.2:%4$d source 127.0.0.1 }
            on hast2 { local %3$s/%1$s.img remote 127.0.0.1:%4$d source 127.0.0.2 }
          }
          """
              .formatted(disk, home(1), home(2), port));
    }
    for (int node = 1; node <= 2; node++) {
      Files.createDirectories(home(node).resolve("run"));
      for (var disk : DISKS) {
        try (var file = new RandomAccessFile(home(node).resolve(disk + ".img").toFile(), "rw")) {
          file.setLength((WRITTEN_MIB + 8L) << 20);
        }
      }
      Files.writeString(
          home(node).resolve("hast.conf"), "listen 127.0.0." + node + ":" + port + "\n" + hast);
      Files.writeString(
          home(node).resolve("carpool.yaml"),
          """
          cluster: test
          hast: %1$s/hast.conf
          runtime-dir: %1$s/run
          state-dir: %1$s/state
          device-dir: %1$s/dev
          device: none
          replicator: { block-port: %2$d }
          """
              .formatted(home(node), blockPort));
    }
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private List<String> command(String program, int node, List<String> words) {
    var command = new ArrayList<>(List.of(BIN.resolve(program).toString()));
    command.addAll(
        List.of(
            "--config", home(node).resolve("carpool.yaml").toString(), "--node", "hast" + node));
    command.addAll(words);
    return command;
  }

  private void carpool(int node, String... words) throws Exception {
    run(command("carpool", node, List.of(words)));
  }

  private void run(List<String> command) throws Exception {
    var out = Files.createTempFile(directory, "out", "");
    var process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile());
    var started = process.start();
    assertThat(started.waitFor(180, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
    assertThat(started.exitValue()).as("%s%n%s", command, Files.readString(out)).isZero();
  }

  private Process start(int node) throws Exception {
    var log = home(node).resolve("log");
    var command = command("carpool-replicator", node, List.of());
    var group = MemoryGroup.make("carpool-memory-" + ProcessHandle.current().pid() + "-" + node);
    if (group.isPresent()) {
      groups.add(group.get());
      command = group.get().inside(command);
    }
    var process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    services.add(process);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!Files.readString(log).contains("ready:")) {
      assertThat(process.isAlive()).as(Files.readString(log)).isTrue();
      assertThat(System.nanoTime()).as(Files.readString(log)).isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(50);
    }
    return process;
  }

  /// Short and long requests at once.
  private static List<String> fio(Path home, String disk, String block) {
    return List.of(
        "fio",
        "--name=" + disk,
        "--ioengine=nbd",
        "--uri=nbd+unix:///" + disk + "?socket=" + home.resolve("run/nbd/" + disk + ".sock"),
        "--rw=randwrite",
        "--bs=" + block,
        "--iodepth=32",
        "--size=" + WRITTEN_MIB + "m",
        "--verify=crc32c",
        "--do_verify=1",
        "--verify_state_save=0");
  }

  /// Memory of its own that a process has; mapped files and page cache aside.
  private static long ownMemoryBytes(Process process) throws IOException {
    for (var line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
      if (line.startsWith("RssAnon:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    throw new IOException("no RssAnon in the status of " + process.pid());
  }

  @Test
  void threeResourcesUnderLoadLiveIn256Mb() throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/fio")), "fio is not installed");
    configure();
    for (int node = 1; node <= 2; node++) {
      var program =
          new ArrayList<>(List.of(BIN.resolve("carpool-replicator").toString(), "create"));
      program.addAll(
          List.of(
              "--config", home(node).resolve("carpool.yaml").toString(), "--node", "hast" + node));
      program.addAll(DISKS);
      run(program);
    }
    var nodes = List.of(start(1), start(2));
    carpool(2, "role", "secondary", "disk1", "disk2", "disk3");
    carpool(1, "role", "primary", "disk1", "disk2", "disk3");

    var clients = new ArrayList<Process>();
    for (int i = 0; i < DISKS.size(); i++) {
      var out = directory.resolve("fio-" + DISKS.get(i));
      clients.add(
          new ProcessBuilder(fio(home(1), DISKS.get(i), BLOCKS.get(i)))
              .redirectErrorStream(true)
              .redirectOutput(out.toFile())
              .start());
    }
    for (int i = 0; i < clients.size(); i++) {
      var out = directory.resolve("fio-" + DISKS.get(i));
      assertThat(clients.get(i).waitFor(240, TimeUnit.SECONDS)).as("fio ends").isTrue();
      assertThat(clients.get(i).exitValue()).as(Files.readString(out)).isZero();
    }

    for (int i = 0; i < nodes.size(); i++) {
      assertThat(nodes.get(i).isAlive()).as("hast" + (i + 1) + " lives").isTrue();
      long own = ownMemoryBytes(nodes.get(i));
      System.out.printf(
          "[figure] hast%d with three resources under load: %d MiB of its own, %s%n",
          i + 1, own >> 20, groups.isEmpty() ? "no control group" : groups.get(i).told());
      assertThat(own).isLessThan(LIMIT_BYTES);
    }
  }

  @AfterEach
  void stop() throws Exception {
    for (var service : services) {
      service.destroy();
      if (!service.waitFor(30, TimeUnit.SECONDS)) {
        service.destroyForcibly().waitFor();
      }
    }
    for (var group : groups) {
      group.remove();
    }
  }

  /// A control group for memory of either version, without swap.
  private record MemoryGroup(Path path, boolean second) {
    static Optional<MemoryGroup> make(String name) {
      var v2 = Path.of("/sys/fs/cgroup");
      boolean second = Files.exists(v2.resolve("cgroup.controllers"));
      var path = (second ? v2 : v2.resolve("memory")).resolve(name);
      try {
        Files.createDirectory(path);
        Files.writeString(
            path.resolve(second ? "memory.max" : "memory.limit_in_bytes"), "" + LIMIT_BYTES);
        return Optional.of(new MemoryGroup(path, second));
      } catch (IOException e) {
        System.out.println("no control group for memory here: " + e);
        return Optional.empty();
      }
    }

    List<String> inside(List<String> command) {
      var all = new ArrayList<>(List.of("sh", "-c", "echo $$ >\"$0\" && exec \"$@\""));
      all.add(path.resolve("cgroup.procs").toString());
      all.addAll(command);
      return all;
    }

    String told() throws IOException {
      return "peak with page cache "
          + value(second ? "memory.peak" : "memory.max_usage_in_bytes")
          + " bytes, "
          + value(second ? "memory.events" : "memory.oom_control");
    }

    private String value(String file) throws IOException {
      var at = path.resolve(file);
      return Files.exists(at) ? Files.readString(at).trim().replace("\n", ", ") : "unknown";
    }

    void remove() throws IOException {
      Files.delete(path);
    }
  }
}
