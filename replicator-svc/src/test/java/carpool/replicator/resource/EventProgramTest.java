package carpool.replicator.resource;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EventProgramTest {
  private static final Duration LIMIT = Duration.ofSeconds(2);

  @TempDir private Path directory;

  private EventProgram program(String text) throws IOException {
    var file = directory.resolve("event");
    Files.writeString(file, "#!/bin/sh\n" + text + "\n");
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return new EventProgram("disk1", Optional.of(file.toString()), LIMIT);
  }

  @Test
  void aCallThatDoesNotEndIsKilledWithItsChildrenAndTheNextOneIsMade() throws Exception {
    var pids = directory.resolve("pids");
    var calls = directory.resolve("calls");
    var program =
        program(
            "if [ $1 = connect ]; then sleep 600 & printf '%%s\\n' $! $$ > %s; wait; fi; echo \"$*\" >> %s"
                .formatted(pids, calls));

    program.happened(Notice.CONNECT, Role.INIT);
    program.happened(Notice.DISCONNECT, Role.INIT);
    program.close(Duration.ofSeconds(30));

    assertThat(Files.readAllLines(calls)).containsExactly("disconnect disk1");
    assertThat(program.calls().sum()).isEqualTo(2);
    assertThat(program.failures().sum()).isEqualTo(1);
    for (var pid : Files.readAllLines(pids)) {
      assertThat(runs(pid)).as("process " + pid).isFalse();
    }
  }

  @Test
  void aProgramThatCannotBeStartedIsCountedAndStopsNothing() throws Exception {
    var program =
        new EventProgram("disk1", Optional.of(directory.resolve("none").toString()), LIMIT);

    program.happened(Notice.CONNECT, Role.INIT);
    program.close(Duration.ofSeconds(30));

    assertThat(program.failures().sum()).isEqualTo(1);
  }

  /// A killed process that nobody has waited for yet does not run.
  private static boolean runs(String pid) throws IOException {
    try {
      var status = Files.readString(Path.of("/proc", pid, "status"));
      return !status.contains("State:\tZ");
    } catch (NoSuchFileException _) {
      return false;
    }
  }
}
