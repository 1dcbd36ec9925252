package carpool.replicator.resource;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.kit.config.ConfigLoader;
import carpool.kit.config.LoadedConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a reload says about settings that a running replicator does not take over.
class ReloadTest {
  private static final String WITNESS = "witness: { endpoints: ['http://pi:2379']%s }\n";
  private static final String SAID =
      "witness has changed; a restart of carpool-replicator takes it over; clients wait meanwhile";

  @TempDir Path directory;

  @Test
  void aWitnessThatComesGoesOrChangesNeedsARestart() throws Exception {
    var none = load("");
    var plain = load(WITNESS.formatted(""));

    assertThat(said(plain, load(WITNESS.formatted("")))).isEmpty();
    assertThat(said(none, plain)).containsExactly(SAID);
    assertThat(said(plain, none)).containsExactly(SAID);
    assertThat(said(plain, load(WITNESS.formatted(", on-loss: io-error")))).containsExactly(SAID);
    assertThat(said(plain, load(WITNESS.formatted(", key-prefix: /other")))).containsExactly(SAID);
  }

  @Test
  void aPasswordFileWithAnotherPasswordIsAChangeThatIsNotShown() throws Exception {
    var file = directory.resolve("password");
    var witness = WITNESS.formatted(", user: carpool, password-file: " + file);
    Files.writeString(file, "first");
    var before = load(witness);
    Files.writeString(file, "second");

    assertThat(said(before, load(witness))).containsExactly(SAID);
  }

  private static List<String> said(LoadedConfig started, LoadedConfig fresh) {
    var out = new ArrayList<String>();
    Reload.needsRestart(started, fresh, out);
    return out;
  }

  private LoadedConfig load(String witness) throws Exception {
    var hast = directory.resolve("hast.conf");
    Files.writeString(
        hast,
        """
        resource disk1 {
          on hast1 { local /tmp/1 remote 192.0.2.2 }
          on hast2 { local /tmp/1 remote 192.0.2.1 }
        }
        """);
    var file = directory.resolve("carpool.yaml");
    Files.writeString(file, "cluster: storage\nhast: " + hast + "\n" + witness);
    return ConfigLoader.load(file, Optional.of("hast1"));
  }
}
