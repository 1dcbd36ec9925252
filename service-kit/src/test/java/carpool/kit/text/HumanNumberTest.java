package carpool.kit.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HumanNumberTest {

  /// Examples of the fact sheet and the edges of each branch.
  @ParameterizedTest
  @CsvSource({
    "0, 0B",
    "1, 1B",
    "999, 999B",
    "1000, 1.0KB",
    "1023, 1.0KB",
    "1024, 1.0KB",
    "1536, 1.5KB",
    "9728, 9.5KB",
    "10188, 9.9KB",
    "10189, 10KB",
    "10752, 11KB",
    "131072, 128KB",
    "1022976, 999KB",
    "1023487, 999KB",
    "1023488, 1.0MB",
    "2097152, 2.0MB",
    "1048575999, 1.0GB",
    "10737413120, 10GB",
    "10737418240, 10GB",
    "9223372036854775807, 8.0EB",
  })
  void sizeIsPrintedAsTheOriginalPrintsIt(long bytes, String printed) {
    assertThat(HumanNumber.bytes(bytes)).isEqualTo(printed);
  }
}
