package carpool.election.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The sum of the words in ones' complement, complemented (RFC 1071).
final class ChecksumTest {
  @ParameterizedTest
  @CsvSource({
    "0000 ffff",
    "0001 fffe",
    "ffff0002 fffd", // one carry
    "ffffffff0001 fffe", // its sum carries again
    "ffffffff 0000",
    "01 feff", // the high half of a word
    "0001f203f4f5f6f7 220d" // the example of RFC 1071, 3
  })
  void carriesComeBackAtTheEnd(String line) {
    var parts = line.split(" ", -1);
    var bytes = HexFormat.of().parseHex(parts[0]);
    assertThat(Checksum.of(bytes, 0, bytes.length)).isEqualTo(Integer.parseInt(parts[1], 16));
  }
}
