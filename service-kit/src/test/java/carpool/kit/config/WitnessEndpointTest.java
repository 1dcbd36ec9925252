package carpool.kit.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Client URLs of an etcd.
class WitnessEndpointTest {
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
}
