package carpool.kit.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is told of a changed carpool.yaml.
final class ConfigDifferenceTest {
  private static final String TEXT =
      """
      cluster: storage
      hast: HAST
      election:
        - name: storage
          interface: lo
          vhid: 1
          password: "first"
          addresses: [192.0.2.50/24]
          advskew: { hast1: 0, hast2: 100 }
      pools:
        - name: zhast
          follows: storage
          type: zfs
          resources: [disk1]
          services:
            - { name: nginx, start: [/bin/a], stop: [/bin/b], check: [/bin/c], timeout: 20s }
            - { name: nfsd, start: [/bin/a], stop: [/bin/b] }
      hooks:
        - { on: [split-brain], run: [/bin/page] }
      """;

  @TempDir private Path directory = Path.of("");

  private CarpoolConfig load(String text) throws IOException, ConfigException {
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
    Files.writeString(file, text.replace("HAST", hast.toString()));
    return ConfigLoader.load(file, Optional.of("hast1")).config();
  }

  private List<String> told(String from, String to) throws Exception {
    assertThat(TEXT).contains(from);
    return ConfigDifference.between(load(TEXT), load(TEXT.replace(from, to))).stream()
        .map(ConfigDifference::toString)
        .toList();
  }

  @Test
  void equalFilesDifferInNothing() throws Exception {
    assertThat(ConfigDifference.between(load(TEXT), load(TEXT))).isEmpty();
  }

  @Test
  void aSettingIsNamedAsTheFileWritesIt() throws Exception {
    assertThat(told("timeout: 20s", "timeout: 30s"))
        .containsExactly("pools[zhast].services[nginx].timeout: 20s -> 30s");
    assertThat(told("hast1: 0", "hast1: 50")).containsExactly("election[storage].advskew: 0 -> 50");
  }

  @Test
  void aPasswordIsNotShown() throws Exception {
    assertThat(told("\"first\"", "\"second\""))
        .containsExactly("election[storage].password: (secret) -> (secret)");
  }

  @Test
  void theWitnessIsToldSettingBySettingWithoutItsPassword() throws Exception {
    for (var name : List.of("ca.pem", "own.pem", "own.key", "next.key")) {
      Files.writeString(directory.resolve(name), "");
    }
    var hooks = "hooks:\n";
    var witness =
        "witness: { endpoints: ['https://pi:2379'], tls: { ca: DIR/ca.pem }, user: u, password: a }\n"
            .replace("DIR", directory.toString());

    assertThat(told(hooks, witness + hooks))
        .containsExactly(
            "witness.endpoints: (none) -> [https://pi:2379]",
            "witness.tls.ca: (none) -> " + directory.resolve("ca.pem"),
            "witness.user: (none) -> u",
            "witness.password: (none) -> (secret)",
            "witness.key-prefix: (none) -> /carpool/storage",
            "witness.on-loss: (none) -> suspend");
    var own = ", certificate: DIR/own.pem, key: DIR/own.key".replace("DIR", directory.toString());
    var more =
        witness
            .replace("password: a", "password: b, on-loss: io-error")
            .replace("2379'", "2379', 'http://pi:2380'")
            .replace("ca.pem", "ca.pem" + own);
    assertThat(between(witness, more))
        .containsExactly(
            "witness.endpoints: [https://pi:2379] -> [https://pi:2379, http://pi:2380]",
            "witness.tls.certificate: (none) -> " + directory.resolve("own.pem"),
            "witness.tls.key: (none) -> " + directory.resolve("own.key"),
            "witness.password: (secret) -> (secret)",
            "witness.on-loss: suspend -> io-error");
    assertThat(between(more, more.replace("own.key", "next.key")))
        .containsExactly(
            "witness.tls.key: %s -> %s"
                .formatted(directory.resolve("own.key"), directory.resolve("next.key")));
    assertThat(between(witness, witness.replace(", user: u, password: a", "")))
        .containsExactly("witness.user: u -> (none)", "witness.password: (secret) -> (none)");
  }

  private List<String> between(String witness, String other) throws Exception {
    return ConfigDifference.between(load(TEXT + witness), load(TEXT + other)).stream()
        .map(ConfigDifference::toString)
        .toList();
  }

  @Test
  void aSectionThatComesIsToldByItsSettings() throws Exception {
    assertThat(told("hooks:\n", "fencing: { run: [/bin/off] }\nhooks:\n"))
        .containsExactly("fencing.run: (none) -> [/bin/off]", "fencing.timeout: (none) -> 30s");
  }

  @Test
  void entriesComeGoAndChangePlaces() throws Exception {
    var nfsd = "      - { name: nfsd, start: [/bin/a], stop: [/bin/b] }\n";
    assertThat(told(nfsd, "")).containsExactly("pools[zhast].services[nfsd]: there -> (none)");
    assertThat(told(nfsd, nfsd + nfsd.replace("nfsd", "smbd")))
        .containsExactly("pools[zhast].services[smbd]: (none) -> new");
    var nginx = TEXT.lines().filter(line -> line.contains("nginx")).findFirst().orElseThrow();
    assertThat(told(nginx + "\n" + nfsd, nfsd + nginx + "\n"))
        .as("services start in order")
        .containsExactly("pools[zhast].services: nginx, nfsd -> nfsd, nginx");
  }

  @Test
  void hooksAreToldByEventAndProgram() throws Exception {
    assertThat(told("run: [/bin/page]", "run: [/bin/page, now]"))
        .containsExactly("hooks: [split-brain runs /bin/page] -> [split-brain runs /bin/page now]");
  }
}
