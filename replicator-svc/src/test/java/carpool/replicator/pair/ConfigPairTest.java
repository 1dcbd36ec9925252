package carpool.replicator.pair;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertEquals;

import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.ReplicationMode;
import carpool.replicator.v1.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `exec`, reload and NBD over TCP with two real replicators.
@Tag("peer")
class ConfigPairTest {
  @TempDir Path directory;

  private Path program(String name, String text) throws IOException {
    var file = directory.resolve(name);
    Files.writeString(file, "#!/bin/sh\n" + text + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return file;
  }

  private static List<String> lines(Path file, int count) throws Exception {
    long end = System.nanoTime() + Pair.DEADLINE.toNanos();
    while (!Files.exists(file) || Files.readAllLines(file).size() < count) {
      assertThat(System.nanoTime()).as(file + " has " + count + " lines").isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(20);
    }
    return Files.readAllLines(file);
  }

  @Test
  void programOfHastConfIsCalledForEachEventInOrder() throws Exception {
    var calls = directory.resolve("calls");
    // The first calls take longest: an order that comes from waiting would be another one.
    var program =
        program(
            "event",
            "[ $# = 4 ] && sleep 0.3; echo \"$*\" >> " + calls + "; [ \"$1\" != connect ]");
    try (var pair = new Pair(directory, "fullsync", new Pair.Extras("exec " + program, "", ""))) {
      pair.replaceInHast(2, "exec " + program, "");

      pair.start(1);
      pair.start(2);
      pair.await(1, "connected", r -> r.getLink() == LinkState.LINK_STATE_CONNECTED);
      pair.role(1, Role.ROLE_PRIMARY);
      pair.awaitComplete(1);
      pair.kill(2);
      pair.await(1, "apart", r -> r.getLink() != LinkState.LINK_STATE_CONNECTED);
      Tools.run("qemu-io", "-f", "raw", "-c", "write -P 3 1M 1M", pair.uri(1));
      pair.start(2);
      pair.awaitComplete(1);
      pair.role(1, Role.ROLE_SECONDARY);

      assertThat(lines(calls, 10))
          .containsExactly(
              "role disk1 init secondary",
              "connect disk1",
              "role disk1 secondary primary",
              "syncstart disk1", // the first one copies everything
              "syncdone disk1",
              "disconnect disk1",
              "connect disk1",
              "syncstart disk1",
              "syncdone disk1",
              "role disk1 primary secondary");
      assertThat(pair.logs()).contains("connect, disk1] ended with 1");
    }
  }

  @Test
  void reloadAppliesWhatChangedAndTouchesNoRole() throws Exception {
    try (var pair = new Pair(directory, "fullsync", new Pair.Extras("checksum crc32", "", ""))) {
      pair.up();
      assertThat(pair.reload(1)).isEmpty();
      for (int node = 1; node <= 2; node++) {
        pair.replaceInHast(node, "checksum crc32", "checksum sha256\ncompression lz4\ntimeout 5");
        pair.replaceInHast(node, "replication fullsync", "replication async");
      }

      assertThat(pair.reload(1))
          .containsExactly(
              "resource disk1: replication ASYNC, checksum SHA256, compression LZ4, timeout 5s;"
                  + " connects anew");
      pair.hangUp(2); // SIGHUP

      pair.await(2, "reloaded", r -> r.getChecksum().equals("sha256"));
      pair.awaitComplete(1);
      assertThat(pair.status(1).getRole()).isEqualTo(Role.ROLE_PRIMARY);
      assertThat(pair.status(1).getReplication()).isEqualTo(ReplicationMode.REPLICATION_MODE_ASYNC);
      long before = pair.status(1).getStatistics().getSentBytes();
      Tools.run("qemu-io", "-f", "raw", "-c", "write -P 3 1M 8M", "-c", "flush", pair.uri(1));
      assertThat(pair.status(1).getStatistics().getSentBytes() - before).isLessThan(1 << 20);
      pair.awaitComplete(1);
      assertEquals(-1, pair.firstDifference());
    }
  }

  @Test
  void metaflushOffSavesTheFlushOfTheMapBeforeAWrite() throws Exception {
    try (var pair = new Pair(directory, "fullsync");
        var disk = new FaultyDisk(directory, pair.image(1), "pread")) {
      pair.up();
      long on = leastFlushes(pair, disk, 2);

      pair.replaceInHast(1, "replication fullsync", "replication fullsync metaflush off");
      assertThat(pair.reload(1)).singleElement().asString().contains("metaflush");
      pair.awaitComplete(1);
      long off = leastFlushes(pair, disk, 12);

      assertThat(on - off).isEqualTo(1);
    }
  }

  /// Of several writes into extents that were never written to; a background flush may fall into
  /// one of them.
  private static long leastFlushes(Pair pair, FaultyDisk disk, int firstExtent) throws Exception {
    long least = Long.MAX_VALUE;
    for (int extent = firstExtent; extent < firstExtent + 5; extent++) {
      long before = disk.flushes();
      Tools.run("qemu-io", "-f", "raw", "-c", "write " + 2 * extent + "M 4k", pair.uri(1));
      least = Math.min(least, disk.flushes() - before);
    }
    return least;
  }

  @Test
  void fileWithAnErrorChangesNothing() throws Exception {
    try (var pair = new Pair(directory, "fullsync", new Pair.Extras("checksum crc32", "", ""))) {
      pair.up();
      pair.replaceInHast(1, "checksum crc32", "checksum crc33");

      assertThatThrownBy(() -> pair.reload(1)).hasMessageContaining("crc33");

      assertThat(pair.status(1).getChecksum()).isEqualTo("crc32");
      assertThat(pair.status(1).getComplete()).isTrue();
    }
  }

  @Test
  void resourcesComeAndGoWithAReloadAndWhatNeedsARestartIsNamed() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.up();
      var second = directory.resolve("second.img");
      try (var file = new java.io.RandomAccessFile(second.toFile(), "rw")) {
        file.setLength(16 << 20);
      }
      var text =
          "resource disk2 { on hast1 { local "
              + second
              + " remote none } on hast2 { local /nowhere remote none } }\n";
      pair.replaceInHast(1, "resource disk1", text + "resource disk1");
      pair.replaceInYaml(1, "device: none", "device: nbd");

      assertThat(pair.reload(1))
          .containsExactlyInAnyOrder(
              "device has changed; a restart of carpool-replicator takes it over; clients wait"
                  + " meanwhile",
              "resource disk2 added");
      assertThat(pair.resources(1)).containsExactly("disk1", "disk2");
      pair.replaceInHast(1, text, "");
      assertThat(pair.reload(1))
          .as("what needs a restart is named until it had one")
          .hasSize(2)
          .contains("resource disk2 removed")
          .anyMatch(line -> line.startsWith("device has changed"));
      pair.replaceInHast(1, "resource disk1", "resource disk9");
      assertThat(pair.reload(1))
          .anyMatch(change -> change.startsWith("resource disk1 is primary here and stays"));
      assertThat(pair.status(1).getComplete()).isTrue();
    }
  }

  @Test
  void exportsAreServedOverTcpOnLoopback() throws Exception {
    int port = Pair.freePort();
    var nbd = "nbd: { listen: \"127.0.0.1:" + port + "\" }\n";
    try (var pair = new Pair(directory, "fullsync", new Pair.Extras("", nbd, ""))) {
      pair.up();
      var uri = "nbd://127.0.0.1:" + port + "/disk1";

      Tools.run("qemu-io", "-f", "raw", "-c", "write -P 8 1M 1M", "-c", "flush", uri);
      Tools.run("qemu-io", "-f", "raw", "-c", "read -P 8 1M 1M", pair.uri(1));

      assertEquals(Role.ROLE_SECONDARY, pair.role(1, Role.ROLE_SECONDARY).getNow());
      assertThat(Tools.fails("nbdinfo", uri)).contains("opt_go");
    }
  }

  @Test
  void exportsAreServedWithMutualTlsElsewhere() throws Exception {
    int port = Pair.freePort();
    var authority = new TestAuthority(directory.resolve("authority"));
    var nbd = "nbd: { listen: \"0.0.0.0:" + port + "\" }\n";
    var first = nbd + authority.certificate("hast1", "ip:127.0.0.1");
    try (var pair =
        new Pair(
            directory, "fullsync", new Pair.Extras("", first, authority.certificate("hast2")))) {
      pair.up();
      var known = authority.forTools("client");
      var stranger = new TestAuthority(directory.resolve("other")).forTools("client");
      Files.copy(
          authority.ca(), stranger.resolve("ca-cert.pem"), StandardCopyOption.REPLACE_EXISTING);
      var uri = "nbds://127.0.0.1:" + port + "/disk1?tls-certificates=";
      var image = directory.resolve("image");
      var back = directory.resolve("back");
      Files.write(image, "kept".repeat(1 << 20).getBytes(UTF_8));

      assertThat(Tools.run("nbdinfo", uri + known)).contains("with TLS", "export=\"disk1\"");
      Tools.run("nbdcopy", "--flush", image.toString(), uri + known);
      Tools.run("nbdcopy", uri + known, back.toString());

      assertThat(Files.readAllBytes(back)).startsWith(Files.readAllBytes(image));
      assertThat(Tools.fails("nbdinfo", uri + stranger)).isNotEmpty();
      assertThat(Tools.fails("nbdinfo", "nbd://127.0.0.1:" + port + "/disk1")).contains("TLS");
    }
  }

  @Test
  void exportsInTheClearAreRefusedBeyondLoopback() throws Exception {
    var nbd = "nbd: { listen: \"0.0.0.0:" + Pair.freePort() + "\" }\n";
    try (var pair = new Pair(directory, "fullsync", new Pair.Extras("", nbd, ""))) {
      assertThatThrownBy(() -> pair.start(1)).hasMessageContaining("nbd: listen: refusing 0.0.0.0");
    }
  }
}
