package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/// The hastctl lines of the published guides, on two nodes of one machine with the programs as they
/// are installed: what they print, byte for byte, and how they end (docs/migration, hastctl(8)).
class HastctlIT {
  private static final List<String> DISKS = List.of("disk1", "disk2", "disk3");

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path directory;

  private LoopbackPair pair;
  private Process replicator;

  /// What a command left.
  private record End(int code, String out, String err) {}

  @BeforeEach
  void twoNodesWithThreeDisksAndNoMetadata() throws Exception {
    pair = new LoopbackPair(directory, "");
    replicator = pair.start("replicator", 1);
    var _ = pair.start("replicator", 2);
  }

  @AfterEach
  void stop() throws Exception {
    pair.close();
  }

  private End hastctl(int node, String... words) throws Exception {
    var command = new ArrayList<String>();
    command.add(LoopbackPair.BIN.resolve("hastctl").toString());
    command.add(words[0]);
    command.add("-c");
    command.add(pair.hastConf(node).toString());
    command.addAll(List.of(words).subList(1, words.length));
    var out = Files.createTempFile(directory, "out", "");
    var err = Files.createTempFile(directory, "err", "");
    var builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().put("CARPOOL_NODE", "hast" + node);
    builder.environment().put("CARPOOL_CONFIG", pair.config(node).toString());
    var process = builder.start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s ends", command).isTrue();
    return new End(
        process.exitValue(),
        Files.readString(out, StandardCharsets.UTF_8),
        Files.readString(err, StandardCharsets.UTF_8));
  }

  private void silently(int node, String... words) throws Exception {
    assertThat(hastctl(node, words)).as("%s", List.of(words)).isEqualTo(new End(0, "", ""));
  }

  /// Guide G3: init, create and roles, disk by disk.
  private void up() throws Exception {
    for (int node = 1; node <= 2; node++) {
      for (var disk : DISKS) {
        silently(node, "role", "init", disk);
      }
      silently(node, "create", "disk1", "disk2", "disk3");
      for (var disk : DISKS) {
        silently(node, "role", node == 1 ? "primary" : "secondary", disk);
      }
    }
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (hastctl(1, "status").out().contains("degraded")) {
      assertThat(System.nanoTime()).as(hastctl(1, "status").out()).isLessThan(end);
    }
  }

  private String table(int node, String role) {
    var text = new StringBuilder("Name\tStatus\t Role\t\tComponents\n");
    for (int disk = 1; disk <= 3; disk++) {
      text.append(
          "disk%d\tcomplete %-15s%s/ad%d\t%s\n"
              .formatted(disk, role, pair.home(node), disk, remote(node)));
    }
    return text.toString();
  }

  private String remote(int node) {
    return pair.peerAddress(3 - node);
  }

  @Test
  void guideG3RunsAsPrinted() throws Exception {
    up();

    assertThat(hastctl(1, "status")).isEqualTo(new End(0, table(1, "primary"), ""));
    assertThat(hastctl(2, "status", "all")).isEqualTo(new End(0, table(2, "secondary"), ""));
    var list = hastctl(1, "list", "disk2");
    assertThat(list.code()).isZero();
    assertThat(
            list.out()
                .replaceFirst("workerpid: \\d+", "workerpid: PID")
                .replaceFirst("activemap updates: \\d+", "activemap updates: N"))
        .isEqualTo(
            """
            disk2:
              role: primary
              provname: disk2
              localpath: %s/ad2
              extentsize: 2097152 (2.0MB)
              keepdirty: 64
              remoteaddr: %s
              sourceaddr: 127.0.0.1
              replication: memsync
              status: complete
              workerpid: PID
              dirty: 0 (0B)
              statistics:
                reads: 0
                writes: 0
                deletes: 0
                flushes: 0
                activemap updates: N
                local errors: read: 0, write: 0, delete: 0, flush: 0
                queues: local: 0, send: 0, recv: 0, done: 0, idle: 256
            """
                .formatted(pair.home(1), remote(1)));

    // The manual fail-over.
    for (var disk : DISKS) {
      silently(1, "role", "secondary", disk);
    }
    for (var disk : DISKS) {
      silently(2, "role", "primary", disk);
    }
    assertThat(hastctl(2, "status")).isEqualTo(new End(0, table(2, "primary"), ""));
    assertThat(hastctl(1, "status")).isEqualTo(new End(0, table(1, "secondary"), ""));
  }

  @Test
  void dumpShowsWhatTheOriginalShows() throws Exception {
    up();
    silently(1, "role", "init", "disk1");
    var dump = hastctl(1, "dump", "disk1");
    assertThat(dump.code()).isZero();
    assertThat(dump.err()).isEmpty();
    assertThat(dump.out().lines().map(line -> line.replaceFirst(":.*", "")))
        .containsExactly(
            "resource",
            "    datasize",
            "    extentsize",
            "    keepdirty",
            "    localoff",
            "    resuid",
            "    localcnt",
            "    remotecnt",
            "    prevrole");
  }

  @Test
  void exitCodesAreThoseOfTheOriginal() throws Exception {
    assertThat(hastctl(1, "status", "nope"))
        .isEqualTo(new End(1, "Name\tStatus\t Role\t\tComponents\nnope\tERR1\n", ""));
    assertThat(hastctl(1, "list", "nope").code()).isEqualTo(1);
    assertThat(hastctl(1, "role", "primary", "nope").code()).isEqualTo(1);
    var dump = hastctl(1, "dump", "nope");
    assertThat(dump.code()).isEqualTo(65);
    assertThat(dump.err()).isEqualTo("[ERROR] Unknown resource nope.\n");
    assertThat(hastctl(1, "frobnicate").code()).isEqualTo(64);
    assertThat(hastctl(1, "role", "primary").code()).isEqualTo(64);
    assertThat(hastctl(1, "create", "-e", "3x", "disk1").code()).isEqualTo(64);
    replicator.destroy();
    assertThat(replicator.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(hastctl(1, "status").code()).isEqualTo(71);
    Files.delete(pair.hastConf(1));
    assertThat(hastctl(1, "status").code()).isEqualTo(72);
  }
}
