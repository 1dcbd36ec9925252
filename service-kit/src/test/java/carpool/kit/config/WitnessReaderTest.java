package carpool.kit.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import carpool.kit.config.WitnessSettings.Login;
import carpool.kit.config.WitnessSettings.OnLoss;
import carpool.kit.config.WitnessSettings.WitnessTls;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The `witness:` section: what is read, what is refused, what both nodes must agree on.
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
        "endpoints: [ \"https://pi:2379\" ], tls: { ca: DIR/ca.pem, cert: DIR/own.pem } | unknown key 'cert' in witness.tls",
        "endpoints: [ \"http://pi:2379\" ], tls: { ca: ca.pem } | an absolute path of a PEM file",
        "endpoints: [ \"http://Pi:2379/\", \"http://pi:2379\" ] | 'http://pi:2379' a second time",
        "endpoints: [ \"http://pi:70000\" ] | carpool.yaml:3:25: `http://pi:70000` is no endpoint of the witness: there is no port 70000; allowed is http://HOST:PORT",
        "endpoints: [ 2379 ] | the number 2379 for witness.endpoints[1]",
        "endpoints: [ \"http://pi:2379\" ], user: u, password: 12345 | a value that is no text for witness.password",
        "endpoints: [ \"http://pi:2379\" ], user: u, password-file: { hast2: DIR/secret } | no entry for this node for witness.password-file",
        "endpoints: [ \"http://pi:2379\" ], key-prefix: / | a path as /carpool/storage",
        "endpoints: [ \"http://pi:2379\" ], key-prefix: //a | a path as /carpool/storage",
        "endpoints: [ \"http://pi:2379\" ], key-prefix: /ä | a path as /carpool/storage",
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

  /// A file that is there and cannot be read; root may read every file.
  @Test
  void aCertificateThatCannotBeReadIsRefused() throws Exception {
    var ca = directory.resolve("ca.pem");
    Files.setPosixFilePermissions(ca, Set.of());
    assumeFalse(Files.isReadable(ca), "run by root");

    assertThatThrownBy(
            () -> load("witness: { endpoints: [ \"https://pi:2379\" ], tls: { ca: DIR/ca.pem } }"))
        .hasMessageContaining("the path of a readable PEM file");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "endpoints: \"http://u:hush@pi:2379\"",
        "endpoints: [ \"http://u:hush@pi:2379\" ]",
        "endpoints: [ \"http://pi:2379\" ], password: hush",
        "endpoints: [ \"http://pi:2379\" ], user: u, password: [ hush ]",
        "endpoints: [ \"http://pi:2379\" ], user: u, password: hush, password-file: DIR/secret",
      })
  void aRefusalRepeatsNoPassword(String section) {
    assertThatThrownBy(() -> load("witness: { " + section + " }"))
        .isInstanceOf(ConfigException.class)
        .hasMessageNotContaining("hush");
  }

  @Test
  void aPasswordIsInNoTextOfTheSettings() throws Exception {
    var loaded = load("witness: { endpoints: [ \"http://pi:2379\" ], user: u, password: hush }");

    assertThat(loaded.toString()).contains("user=u").doesNotContain("hush");
  }

  @Test
  void aPrefixHasAtMost200Characters() throws Exception {
    var prefix = "witness: { endpoints: [ \"http://pi:2379\" ], key-prefix: /%s }";

    assertThat(load(prefix.formatted("a".repeat(199))).config().witness().orElseThrow().keyPrefix())
        .hasSize(200);
    assertThatThrownBy(() -> load(prefix.formatted("a".repeat(200))))
        .hasMessageContaining("at most 200 characters");
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
        .hasMessageContaining("no resource of hast.conf has a `remote`")
        .hasMessageContaining("a witness decides between two nodes");
  }

  @Test
  void aResourceWithAPeerIsEnough() throws Exception {
    var hast = directory.resolve("mixed.conf");
    Files.writeString(
        hast,
        """
        resource disk1 {
          on hast1 { local /dev/ad1 remote none }
          on hast2 { local /dev/ad1 remote none }
        }
        resource disk2 {
          on hast1 { local /dev/ad2 remote 192.0.2.2 }
          on hast2 { local /dev/ad2 remote 192.0.2.1 }
        }
        """);

    assertThat(
            load("witness: { endpoints: [ \"http://pi:2379\" ] }", hast, "hast1")
                .config()
                .witness())
        .isPresent();
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
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "endpoints: [ \"http://pi:2379\", \"http://pi:2380\" ]",
        "endpoints: [ \"http://pi:2379\" ], key-prefix: /other",
        "endpoints: [ \"http://pi:2379\" ], on-loss: continue",
        "endpoints: [ \"http://pi:2379\" ], user: u, password: p",
      })
  void everythingElseMustBeTheSame(String section) throws Exception {
    assertThat(load("witness: { " + section + " }").digest())
        .isNotEqualTo(load("witness: { endpoints: [ \"http://pi:2379\" ] }").digest())
        .isNotEqualTo(load("").digest());
  }
}
