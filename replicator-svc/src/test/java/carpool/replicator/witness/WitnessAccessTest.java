package carpool.replicator.witness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.kit.config.HostPort;
import carpool.kit.config.Secret;
import carpool.kit.config.WitnessEndpoint;
import carpool.replicator.witness.WitnessAccess.Login;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Endpoints and the rest of what a configuration says about the witness.
class WitnessAccessTest {
  @ParameterizedTest
  @CsvSource({
    "http://127.0.0.1:2379, false, 127.0.0.1, 2379",
    "https://etcd1.example:2379/, true, etcd1.example, 2379",
    "https://[2001:db8::1]:23790, true, 2001:db8::1, 23790",
    "http://witness:1, false, witness, 1",
    "http://witness:65535, false, witness, 65535",
  })
  void endpointsAreClientUrlsOfEtcd(String text, boolean tls, String host, int port) {
    var endpoint = WitnessEndpoint.parse(text);

    assertThat(endpoint).isEqualTo(new WitnessEndpoint(tls, new HostPort(host, port)));
    assertThat(WitnessEndpoint.parse(endpoint.toString())).isEqualTo(endpoint);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "127.0.0.1:2379",
        "http://127.0.0.1",
        "http://:2379",
        "http://127.0.0.1:0",
        "http://127.0.0.1:65536",
        "http://127.0.0.1:23790000",
        "http://2001:db8::1:2379",
        "http://[2001:db8::1:2379",
        "http://[zz]:2379",
        "http://wit ness:2379",
        "http://wit_ness!:2379",
        "http://witness:2379/v3",
        "http://witness:2379?x",
        "unix:///run/etcd.sock",
        "ftp://witness:2379",
      })
  void anythingElseIsRefusedWithWhatIsAllowed(String text) {
    assertThatThrownBy(() -> WitnessEndpoint.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("`" + text + "`")
        .hasMessageContaining("http://HOST:PORT or https://HOST:PORT");
  }

  @Test
  void aPasswordInAUrlIsNotRepeated() {
    assertThatThrownBy(() -> WitnessEndpoint.parse("http://carpool:secret@witness:2379"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("user and password by keys of their own")
        .hasMessageNotContaining("secret");
  }

  @Test
  void contradictionsAreRefused() {
    var http = WitnessEndpoint.parse("http://witness:2379");

    assertThatThrownBy(() -> access(List.of())).hasMessageContaining("allowed are 1 to 8");
    assertThatThrownBy(() -> access(List.of(http, http))).hasMessageContaining("twice");
    assertThatThrownBy(() -> access(List.of(WitnessEndpoint.parse("https://witness:2379"))))
        .hasMessageContaining("no certificate authority");
  }

  @Test
  void thePasswordIsInNoText() {
    var access =
        new WitnessAccess(
            List.of(WitnessEndpoint.parse("http://witness:2379")),
            Optional.of(new Login("carpool", new Secret("correct horse"))),
            Optional.empty(),
            OptionalLong.empty());

    assertThat(access.toString()).contains("carpool", "***").doesNotContain("horse");
  }

  private static WitnessAccess access(List<WitnessEndpoint> endpoints) {
    return new WitnessAccess(endpoints, Optional.empty(), Optional.empty(), OptionalLong.empty());
  }
}
