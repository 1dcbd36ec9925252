package carpool.orchestrator.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.orchestrator.v1.Kept;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What an operator wants outlives the process, whole or not at all.
final class KeptStateTest {
  @TempDir Path dir;

  @Test
  void changeIsThereForTheNextProcess() throws Exception {
    KeptState.load(dir).change(kept -> kept.setMaintenance("new disks"));

    var next = KeptState.load(dir);
    assertThat(next.known()).isTrue();
    assertThat(next.get()).isEqualTo(Kept.newBuilder().setMaintenance("new disks").build());
  }

  @Test
  void changeThatCannotBeWrittenFailsAndChangesNothing() throws Exception {
    var occupied = Files.writeString(dir.resolve("state"), "");
    var state = KeptState.load(occupied);

    assertThatThrownBy(() -> state.change(kept -> kept.setMaintenance("new disks")))
        .isInstanceOf(IOException.class);
    assertThat(state.get()).isEqualTo(Kept.getDefaultInstance());
  }

  /// A crash at any moment of a change leaves what was kept before it, or all of the change: the
  /// bytes that were kept are never written over.
  @Test
  void fileIsReplacedAndNotWrittenOver() throws Exception {
    var state = KeptState.load(dir);
    state.change(kept -> kept.setMaintenance("new disks"));
    var before = Files.readString(state.file());
    var other = Files.createLink(dir.resolve("before"), state.file());

    state.change(kept -> kept.setUnmanaged("storage move"));

    assertThat(Files.readString(other)).isEqualTo(before);
    assertThat(KeptState.load(dir).get())
        .isEqualTo(
            Kept.newBuilder().setMaintenance("new disks").setUnmanaged("storage move").build());
  }
}
