package carpool.election.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class IpAddressTest {
  @ParameterizedTest
  @CsvSource({
    "10.77.0.50, 10.77.0.50",
    "255.255.255.255, 255.255.255.255",
    "::, ::",
    "::1, ::1",
    "ff02::12, ff02::12",
    "2001:DB8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "fe80::, fe80::",
    "::ffff:10.0.0.1, ::ffff:a00:1",
  })
  void textIsReadAndWrittenInItsShortForm(String text, String printed) {
    assertThat(IpAddress.parse(text)).hasToString(printed);
    assertThat(IpAddress.of(IpAddress.parse(text).bytes())).isEqualTo(IpAddress.parse(text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "10.0.0", "10.0.0.256", "10.0.0.0x1", "1:2", "::1::", "12345::", "g::", "a.b"})
  void anythingElseIsRefused(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> IpAddress.parse(text));
  }

  @Test
  void addressesSortAsTheDigestNeedsThem() {
    assertThat(
            Stream.of("fe80::1", "200.1.1.1", "fd00::1", "128.0.0.1", "9.0.0.1")
                .map(IpAddress::parse)
                .sorted()
                .map(IpAddress::toString))
        .containsExactly("9.0.0.1", "128.0.0.1", "200.1.1.1", "fd00::1", "fe80::1");
  }
}
