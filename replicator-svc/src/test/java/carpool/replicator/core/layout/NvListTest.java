package carpool.replicator.core.layout;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Rows of hast.md section 11, test case 3.
class NvListTest {
  private static final String BASE = "080708000000" + "7265737569640000" + "0500000000000000";

  private static OptionalLong resuid(String hex) throws LayoutException {
    return NvList.parse(ByteBuffer.wrap(HexFormat.of().parseHex(hex)))
        .number("resuid", NvList.TYPE_UINT64);
  }

  private static String with(int at, int value) {
    var bytes = HexFormat.of().parseHex(BASE);
    bytes[at] = (byte) value;
    return HexFormat.of().formatHex(bytes);
  }

  @Test
  void pairIsRead() throws LayoutException {
    assertEquals(OptionalLong.of(5), resuid(BASE));
  }

  @Test
  void zeroesAreAnEmptyList() throws LayoutException {
    assertEquals(OptionalLong.empty(), resuid("00".repeat(64)));
  }

  @Test
  void hostOrderFlagIsAccepted() throws LayoutException {
    assertEquals(OptionalLong.of(5), resuid(with(0, 0x88)));
  }

  @Test
  void namePaddingIsIgnored() throws LayoutException {
    assertEquals(OptionalLong.of(5), resuid(with(13, 0xaa)));
  }

  @Test
  void firstOfTwoPairsWins() throws LayoutException {
    assertEquals(OptionalLong.of(5), resuid(BASE + BASE.substring(0, 28) + "0900000000000000"));
  }

  @Test
  void restAfterTheEndIsIgnored() throws LayoutException {
    assertEquals(OptionalLong.of(5), resuid(BASE + "00" + "ab".repeat(19)));
  }

  @Test
  void numberOfAnotherTypeIsNotFound() throws LayoutException {
    assertEquals(
        OptionalLong.empty(), resuid("060704000000" + "7265737569640000" + "0500000000000000"));
  }

  @ParameterizedTest
  @CsvSource({
    "0,18,type out of range",
    "12,120,NUL of the name missing",
    "8,0,NUL inside the name",
    "2,0,no data",
    "2,4,wrong width",
    "1,0,no name"
  })
  void malformedPairIsRefused(int at, int value, String why) {
    assertThrows(LayoutException.class, () -> resuid(with(at, value)), why);
  }

  @Test
  void cutPairIsRefused() {
    assertThrows(LayoutException.class, () -> resuid(BASE.substring(0, BASE.length() - 2)));
  }

  @ParameterizedTest
  @CsvSource({"6162006400", "6162636465"})
  void stringWithInnerOrWithoutFinalNulIsRefused(String data) {
    assertThrows(
        LayoutException.class, () -> resuid("110205000000" + "6100000000000000" + data + "000000"));
  }

  @Test
  void freshBlockHasTheDigestOfTheFactSheet() throws Exception {
    // hast.md 1.7: 10 GiB, 512-byte sectors, resource test
    var metadata =
        ProviderLayout.createAsHastctl(
            "test", 10737418240L, 512, new ProviderLayout.Request(0, 0, 0, 0));
    var block = ByteBuffer.allocate(4096);
    block.put(0, MetadataBlock.whole(metadata).array(), 0, 1024);

    var digest = java.security.MessageDigest.getInstance("SHA-256").digest(block.array());

    assertEquals(
        "84e04bebf6ec5aaabcf51ddb2b9baccff48e2dd189d610955b042bdebe5b2d38",
        HexFormat.of().formatHex(digest));
  }
}
