package carpool.replicator.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.kit.testing.ForeignTools;
import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A replicator that ends under a device in use, and the one that a supervisor starts after it.
@Tag("peer")
final class ResumeTest {
  private static final int RESTARTS = Integer.getInteger("carpool.resume.restarts", 10);

  @TempDir private Path directory;
  private final AtomicBoolean enough = new AtomicBoolean();

  private Pair pair(String mode, Duration hold) throws IOException {
    assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "/dev/fuse cannot be opened");
    for (var tool : List.of("nbdfuse", "nbdkit", "fio")) {
      assumeTrue(ForeignTools.find(tool).isPresent(), tool + " is not installed");
    }
    return new Pair(directory, mode, "nbdfuse", hold);
  }

  private static void up(Pair pair) throws Exception {
    pair.up();
    awaitDevice(pair, 1);
  }

  private static final Role ROLE = Role.ROLE_PRIMARY;

  private static void awaitDevice(Pair pair, int node) throws Exception {
    pair.await(
        node,
        "primary with a device",
        r -> r.getRole() == Role.ROLE_PRIMARY && r.getExport().getDeviceReady());
  }

  /// Takes the devices away, whoever has them; nothing else would.
  private static void down(Pair pair) throws Exception {
    for (int node = 1; node <= 2; node++) {
      if (pair.runs(node)) {
        var _ = pair.role(node, Role.ROLE_SECONDARY);
      }
    }
  }

  @AfterEach
  void noDeviceIsLeft() throws IOException {
    enough.set(true);
    assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(directory + "");
  }

  /// Writes, verifies, and again, until it is enough; the number of runs.
  private int write(Path device) throws Exception {
    var runs = 0;
    while (!enough.get()) {
      var fio =
          new ProcessBuilder(
                  "fio",
                  "--name=w",
                  "--ioengine=psync",
                  "--direct=1",
                  "--filename=" + device,
                  "--rw=randwrite",
                  "--bsrange=4k-64k",
                  "--size=16M",
                  "--offset=" + runs % 3 * 16 + "M",
                  "--fsync=64",
                  "--verify=crc32c",
                  "--verify_fatal=1",
                  "--verify_state_save=0",
                  "--randseed=" + runs)
              .redirectErrorStream(true)
              .start();
      var output = new String(fio.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (fio.waitFor() != 0) {
        throw new AssertionError("fio run " + runs + ":\n" + output);
      }
      runs++;
    }
    return runs;
  }

  @ParameterizedTest
  @ValueSource(strings = {"fullsync", "async"})
  void aReplicatorThatIsKilledUnderAWriterIsAPauseAndNoError(String mode) throws Exception {
    try (var pair = pair(mode, Duration.ofSeconds(60))) {
      up(pair);
      var writer = CompletableFuture.supplyAsync(() -> unchecked(pair.device(1)));
      for (int restart = 1; restart <= RESTARTS && !writer.isDone(); restart++) {
        TimeUnit.MILLISECONDS.sleep(restart * 131 % 700); // at any moment of the writing
        if (restart % 4 == 0) {
          pair.terminate(1); // an upgrade
        } else {
          pair.kill(1);
        }
        pair.start(1);
        awaitDevice(pair, 1);
      }
      enough.set(true);

      try {
        assertThat(writer.get(120, TimeUnit.SECONDS)).as(pair.logs()).isPositive();
      } catch (TimeoutException e) {
        throw new AssertionError(
            "the writer hangs; " + pair.status(1) + pair.status(2) + pair.logs(), e);
      }
      pair.awaitComplete(1);
      down(pair);
      assertThat(pair.firstDifference()).isEqualTo(-1);
    }
  }

  private int unchecked(Path device) {
    try {
      return write(device);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aPrimaryThatWentOnAloneResumesWithoutItsPeer() throws Exception {
    try (var pair = pair("fullsync", Duration.ofSeconds(60))) {
      up(pair);
      pair.kill(2);
      Files.write(pair.device(1), new byte[] {1, 2, 3}, java.nio.file.StandardOpenOption.WRITE);
      pair.kill(1);
      pair.start(1);

      awaitDevice(pair, 1);

      assertThat(head(pair.device(1))).startsWith(1, 2, 3);
      down(pair);
    }
  }

  @Test
  void theRoleIsNotTakenAgainWhenThePeerTookOver() throws Exception {
    try (var pair = pair("fullsync", Duration.ofSeconds(60))) {
      up(pair);
      pair.kill(1);
      pair.await(2, "apart", r -> r.getLink() != LinkState.LINK_STATE_CONNECTED);
      assertThat(pair.role(2, Role.ROLE_PRIMARY).getNow()).as(pair.logs()).isEqualTo(ROLE);
      awaitDevice(pair, 2);
      Files.write(pair.device(2), new byte[] {4}, java.nio.file.StandardOpenOption.WRITE);
      pair.start(1);

      pair.awaitComplete(2);

      awaitGone(pair, 1);
      assertThat(pair.status(1).getRole()).isEqualTo(Role.ROLE_SECONDARY);
      assertThat(head(pair.device(2))).startsWith(4);
      down(pair);
    }
  }

  @Test
  void withoutThePeerTheDeviceWaitsForTheTimeOfHoldingAndThenEnds() throws Exception {
    try (var pair = pair("fullsync", Duration.ofSeconds(8))) {
      up(pair);
      pair.kill(2);
      pair.kill(1);
      pair.start(1);
      var read = new AtomicInteger();
      var reader =
          CompletableFuture.runAsync(() -> {
            try {
              read.set(head(pair.device(1)).length);
            } catch (IOException e) {
              read.set(-1);
            }
          });
      assertThat(pair.status(1).getRole()).isEqualTo(Role.ROLE_SECONDARY);
      assertThat(pair.mounted(1)).as(pair.logs()).isTrue();

      awaitGone(pair, 1);

      reader.get(30, TimeUnit.SECONDS);
      assertThat(read.get()).isEqualTo(-1);
      assertThat(pair.status(1).getRole()).isEqualTo(Role.ROLE_SECONDARY);
    }
  }

  @Test
  void whatAKilledPrimaryCompletedCountsAfterTheTimeOfHoldingToo() throws Exception {
    try (var pair = new Pair(directory, "async", "none", Duration.ofSeconds(1))) {
      pair.up();
      pair.stop(2);
      var writer = Tools.start("qemu-io", "-f", "raw", "-c", "write -P 5 1M 64k", pair.uri(1));
      awaitOnDisk(pair, 5, 1 << 20);
      pair.kill(1); // before it has noticed that hast2 says nothing
      pair.go(2);
      writer.destroyForcibly().waitFor();
      TimeUnit.SECONDS.sleep(2);
      pair.start(1);
      pair.await(1, "connected", r -> r.getLink() == LinkState.LINK_STATE_CONNECTED);

      assertThat(pair.role(1, Role.ROLE_PRIMARY).getNow()).as(pair.logs()).isEqualTo(ROLE);

      pair.awaitComplete(1);
      Tools.run("qemu-io", "-f", "raw", "-c", "read -P 5 1M 64k", pair.uri(1));
      assertThat(pair.firstDifference()).isEqualTo(-1);
    }
  }

  private static void awaitOnDisk(Pair pair, int pattern, long dataOffset) throws Exception {
    try (var file = new RandomAccessFile(pair.image(1).toFile(), "r")) {
      long end = System.nanoTime() + Pair.DEADLINE.toNanos();
      do {
        assertThat(System.nanoTime()).isLessThan(end);
        file.seek(Pair.DATA_OFFSET + dataOffset);
      } while (file.read() != pattern);
    }
  }

  @Test
  void aRoleThatWasGivenUpIsNotTakenAgain() throws Exception {
    try (var pair = pair("fullsync", Duration.ofSeconds(60))) {
      up(pair);
      assertThat(pair.role(1, Role.ROLE_SECONDARY).getNow()).isEqualTo(Role.ROLE_SECONDARY);
      pair.kill(1);
      pair.start(1);
      pair.awaitComplete(2);

      assertThat(pair.status(1).getRole()).isEqualTo(Role.ROLE_SECONDARY);
      assertThat(pair.mounted(1)).isFalse();
    }
  }

  private static byte[] head(Path device) throws IOException {
    try (var in = Files.newInputStream(device)) {
      return in.readNBytes(4096);
    }
  }

  private static void awaitGone(Pair pair, int node) throws Exception {
    pair.await(node, "without its device", (Resource _) -> !pair.mounted(node));
  }
}
