package carpool.kit.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.kit.config.WitnessSettings.Login;
import carpool.kit.config.WitnessSettings.OnLoss;
import carpool.kit.config.WitnessSettings.WitnessTls;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WitnessReaderTest {
  private static final Path GUIDE =
      Path.of("src/test/resources/config/guides/g1-g3.conf").toAbsolutePath();

  @TempDir Path directory;

  @BeforeEach
  void files() throws Exception {
    for (var name : new String[] {"ca.pem", "own.pem", "key.pem"}) {
      Files.writeString(directory.resolve(name), "not looked into here");
    }
    Files.writeString(directory.resolve("secret"), "hush\nmore");
  }

  private LoadedConfig load(String witness, Path hast, String node) throws Exception {
    var file = directory.resolve("carpool.yaml");
    Files.writeString(
        file,
        "cluster: storage\nhast: "
            + hast
            + "\n"
            + witness.replace("DIR", directory.toString())
            + "\n");
    return ConfigLoader.load(file, Optional.of(node));
  }

  private LoadedConfig load(String witness) throws Exception {
    return load(witness, GUIDE, "hast1");
  }

  @Test
  void everySettingIsRead() throws Exception {
    var witness =
        load("""
        witness:
          endpoints: [ "https://pi.example:2379", "http://[2001:db8::7]:12379" ]
          tls: { ca: DIR/ca.pem, certificate: { hast1: DIR/own.pem, hast2: DIR/ca.pem }, key: DIR/key.pem }
          user: carpool
          password-file: DIR/secret
          key-prefix: /site/a
          on-loss: io-error
        """)
            .config()
            .witness()
            .orElseThrow();

    assertThat(witness.endpoints().toString())
        .isEqualTo("[https://pi.example:2379, http://[2001:db8::7]:12379]");
    assertThat(witness.tls())
        .contains(
            new WitnessTls(
                directory.resolve("ca.pem"),
                Optional.of(
                    new WitnessTls.Own(
                        directory.resolve("own.pem"), directory.resolve("key.pem")))));
    assertThat(witness.login()).contains(new Login("carpool", new Secret("hush")));
    assertThat(witness.keyPrefix()).isEqualTo("/site/a");
    assertThat(witness.onLoss()).isEqualTo(OnLoss.IO_ERROR);
  }

  @Test
  void theEndpointsAreEnough() throws Exception {
    var witness = load("witness: { endpoints: [ \"http://pi:2379\" ] }").config().witness();

    assertThat(witness.orElseThrow().keyPrefix()).isEqualTo("/carpool/storage");
    assertThat(witness.orElseThrow().onLoss()).isEqualTo(OnLoss.SUSPEND);
    assertThat(witness.orElseThrow().tls()).isEmpty();
    assertThat(witness.orElseThrow().login()).isEmpty();
    assertThat(load("").config().witness()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "endpoints: []                                   | 0 endpoints for witness.endpoints",
        "on-loss: suspend                                | no 'endpoints' in witness",
        "endpoints: [ \"pi:2379\" ]                      | put http:// or https:// before it",
        "endpoints: [ \"http://pi:2379\", \"http://pi:2379\" ] | 'http://pi:2379' a second time",
        "endpoints: [ \"http://u:p@pi:2379\" ]           | give user and password by keys",
        "endpoints: [ \"https://pi:2379\" ]              | no 'tls' in witness",
        "endpoints: [ \"https://pi:2379\" ], tls: { certificate: DIR/own.pem, key: DIR/key.pem } | no 'ca' in witness.tls",
        "endpoints: [ \"https://pi:2379\" ], tls: { ca: DIR/ca.pem, key: DIR/key.pem } | no 'certificate' in witness.tls",
        "endpoints: [ \"https://pi:2379\" ], tls: { ca: DIR/ca.pem, certificate: DIR/own.pem } | no 'key' in witness.tls",
        "endpoints: [ \"https://pi:2379\" ], tls: { ca: DIR/none.pem } | the path of a readable PEM file",
        "endpoints: [ \"http://pi:2379\" ], user: u      | a user without a password",
        "endpoints: [ \"http://pi:2379\" ], password: p  | no 'user' in witness",
        "endpoints: [ \"http://pi:2379\" ], user: u, password: p, password-file: DIR/secret | a second way to give the password",
        "endpoints: [ \"http://pi:2379\" ], user: u, password-file: DIR/none | a file that cannot be read",
        "endpoints: [ \"http://pi:2379\" ], key-prefix: carpool   | a path as /carpool/storage",
        "endpoints: [ \"http://pi:2379\" ], key-prefix: /carpool/ | a path as /carpool/storage",
        "endpoints: [ \"http://pi:2379\" ], key-prefix: \"/a b\"  | a path as /carpool/storage",
        "endpoints: [ \"http://pi:2379\" ], on-loss: panic | suspend, io-error, continue",
        "endpoints: [ \"http://pi:2379\" ], enpoints: 1  | did you mean 'endpoints'",
      })
  void whatIsWrongIsSaidWithWhatIsAllowed(String section, String message) {
    assertThatThrownBy(() -> load("witness: { " + section.strip() + " }"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }

  @Test
  void nineEndpointsAreTooMany() {
    var nine =
        String.join(
            ", ", IntStream.range(0, 9).mapToObj(i -> "\"http://m" + i + ":2379\"").toList());

    assertThatThrownBy(() -> load("witness: { endpoints: [ " + nine + " ] }"))
        .hasMessageContaining("9 endpoints")
        .hasMessageContaining("1 to 8");
  }

  @Test
  void aNodeWithoutAPeerHasNothingToDecide() throws Exception {
    var hast = directory.resolve("alone.conf");
    Files.writeString(
        hast,
        """
        resource disk1 {
          on hast1 { local /dev/ad1 remote none }
          on hast2 { local /dev/ad1 remote none }
        }
        """);

    assertThatThrownBy(() -> load("witness: { endpoints: [ \"http://pi:2379\" ] }", hast, "hast1"))
        .hasMessageContaining("no resource of hast.conf has a `remote`");
  }

  @Test
  void secretsAndPlacesAreNoDifferenceBetweenTheNodesAndEndpointsAre() throws Exception {
    var one =
        load(
            "witness: { endpoints: [ \"https://pi:2379\" ], tls: { ca: DIR/ca.pem }, user: u,"
                + " password: a }");
    var same =
        load(
            "witness: { endpoints: [ \"https://pi:2379\" ], tls: { ca: DIR/own.pem }, user: u,"
                + " password: b }",
            GUIDE,
            "hast2");
    var other =
        load(
            "witness: { endpoints: [ \"https://pi:2380\" ], tls: { ca: DIR/ca.pem }, user: u,"
                + " password: a }");

    assertThat(same.digest()).isEqualTo(one.digest());
    assertThat(other.digest()).isNotEqualTo(one.digest());
    assertThat(ConfigDifference.between(one.config(), same.config()).toString())
        .contains("witness")
        .contains("password=***");
  }
}
