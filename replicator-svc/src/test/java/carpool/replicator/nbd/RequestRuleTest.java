package carpool.replicator.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.block.BlockDevice;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestRuleTest {
  private static final int SIZE = 1 << 20;

  private final BlockDevice writable = new MemoryDevice(SIZE);
  private final BlockDevice readOnly = new MemoryDevice(SIZE, 4096, 1, true);

  @ParameterizedTest
  @CsvSource({
    // command, flags, offset, length, read-only, structured, error
    "0, 0,  0,       1048576,    false, false, NONE",
    "0, 0,  1,       1048576,    false, false, EINVAL",
    "0, 0,  1048576, 1,          false, false, EINVAL",
    "0, 0,  1048576, 0,          false, false, NONE",
    "0, 0,  1048577, 0,          false, false, EINVAL",
    "0, 0,  -1,      1,          false, false, EINVAL",
    "0, 0,  0,       4294967295, false, false, EINVAL",
    "0, 1,  0,       1,          false, false, NONE",
    "0, 4,  0,       1,          false, false, EINVAL",
    "0, 4,  0,       1,          false, true,  NONE",
    "0, 2,  0,       1,          false, true,  EINVAL",
    "1, 1,  7,       9,          false, false, NONE",
    "1, 0,  1048575, 2,          false, false, ENOSPC",
    "1, 0,  -8,      8,          false, false, ENOSPC",
    "1, 0,  0,       67108865,   false, false, EINVAL",
    "1, 2,  0,       1,          false, false, EINVAL",
    "1, 0,  0,       1,          true,  false, EPERM",
    "3, 0,  0,       0,          false, false, NONE",
    "3, 1,  0,       0,          true,  false, NONE",
    "3, 0,  1,       0,          false, false, EINVAL",
    "3, 0,  0,       1,          false, false, EINVAL",
    "4, 0,  0,       1048576,    false, false, NONE",
    "4, 0,  0,       1048577,    false, false, EINVAL",
    "4, 0,  0,       1,          true,  false, EPERM",
    "5, 0,  0,       1048576,    true,  false, NONE",
    "5, 0,  1048576, 1,          true,  false, EINVAL",
    "6, 2,  0,       1048576,    false, false, NONE",
    "6, 0,  0,       1048577,    false, false, ENOSPC",
    "6, 16, 0,       4096,       false, false, ENOTSUP",
    "6, 18, 0,       4096,       false, false, ENOTSUP",
    "6, 4,  0,       4096,       false, false, EINVAL",
    "6, 0,  0,       1,          true,  false, EPERM",
    "7, 8,  0,       4096,       true,  true,  NONE",
    "7, 0,  0,       0,          false, true,  EINVAL",
    "7, 0,  1048576, 1,          false, true,  EINVAL",
    "8, 0,  0,       1,          false, false, EINVAL",
    "99, 0, 0,       1,          false, false, EINVAL",
  })
  void judges(
      int command,
      int flags,
      long offset,
      long length,
      boolean readOnlyExport,
      boolean structured,
      NbdError error) {
    var device = readOnlyExport ? readOnly : writable;

    assertThat(RequestRule.check(command, flags, offset, length, device, structured))
        .isEqualTo(error);
  }

  @ParameterizedTest
  @CsvSource({"false, EINVAL", "true, EOVERFLOW"})
  void aReadLongerThanThePayloadLimitIsRefused(boolean structured, NbdError error) {
    var large = new MemoryDevice(65 << 20, 4096, 1, true);

    assertThat(RequestRule.check(0, 0, 0, (64 << 20) + 1, large, structured)).isEqualTo(error);
  }
}
