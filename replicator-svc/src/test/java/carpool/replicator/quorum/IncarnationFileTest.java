package carpool.replicator.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.replicator.quorum.IncarnationFile.Trusted;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IncarnationFileTest {
  @TempDir Path directory;

  @Test
  void whatWasWrittenIsThereForTheNextProcess() throws Exception {
    var home = directory.resolve("state/witness");
    assertThat(new IncarnationFile(home, "pool.zhast").read()).isEqualTo(Trusted.NONE);

    for (var trusted : new Trusted[] {new Trusted(-7, false), new Trusted(12, true)}) {
      new IncarnationFile(home, "pool.zhast").write(trusted);

      assertThat(new IncarnationFile(home, "pool.zhast").read()).isEqualTo(trusted);
    }
    assertThat(new IncarnationFile(home, "pool.other").read()).isEqualTo(Trusted.NONE);
  }

  /// Trusting none by mistake would let this node be promoted without asking.
  @Test
  void aDamagedFileIsNamedAndNotTakenForNone() throws Exception {
    for (var text : new String[] {"", "incarnation=12\nwritten=true\n", "\0\0\0\0"}) {
      Files.writeString(directory.resolve("pool.zhast"), text);

      assertThatThrownBy(() -> new IncarnationFile(directory, "pool.zhast").read())
          .hasMessageContaining("pool.zhast")
          .hasMessageContaining("remove it");
    }
  }
}
