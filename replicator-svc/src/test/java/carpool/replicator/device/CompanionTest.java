package carpool.replicator.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.kit.config.CarpoolConfig.DeviceKind;
import carpool.replicator.device.DeviceChoice.Way;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Programs that outlive us, started many at a time.
@Tag("peer")
class CompanionTest {
  private static final int AT_ONCE = 12;
  private static final int ROUNDS = 5;

  @TempDir Path directory;

  @BeforeEach
  void needNbdkit() {
    var choice = DeviceChoice.choose(DeviceKind.NBDFUSE, HostProbe.look());
    assumeTrue(choice.way() == Way.FUSE, choice.problem());
  }

  /// nbdkit asks for a SIGTERM at its parent's end, and may be quicker than that end.
  @Test
  void everyProgramOfManySurvivesTheEndOfItsParent() throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      var starts = new ArrayList<Callable<Boolean>>();
      var companions = new ArrayList<Companion>();
      for (int number = 0; number < AT_ONCE; number++) {
        var socket = directory.resolve(round + "-" + number + ".sock");
        var companion =
            new Companion("nbdkit", directory.resolve(number + ".log"), socket.toString());
        companions.add(companion);
        starts.add(() -> starts(companion, socket));
      }
      try (var threads = Executors.newFixedThreadPool(AT_ONCE)) {
        for (var outcome : threads.invokeAll(starts)) {
          assertThat(outcome.get()).isTrue();
        }
        assertThat(companions).allMatch(companion -> companion.running().isPresent());
      } finally {
        for (var companion : companions) {
          assertThat(companion.stop(Deadline.in(Duration.ofSeconds(10)))).isTrue();
        }
      }
    }
  }

  private static boolean starts(Companion companion, Path socket) throws Exception {
    companion.start(List.of("-f", "-U", socket.toString(), "nbd", "socket=" + socket + ".none"));
    return Deadline.in(Duration.ofSeconds(20)).await(() -> Files.exists(socket));
  }
}
