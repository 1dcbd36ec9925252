package carpool.replicator.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.nbd.ExportLookup.Found;
import carpool.replicator.nbd.Haggling.Next;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HagglingTest {
  private static final String RES0 = "00000004 72657330";
  private static final String ALLOCATION = "0000000f 626173653a616c6c6f636174696f6e";

  private final OneExport exports = new OneExport("res0", new MemoryDevice(1 << 20));

  @ParameterizedTest(name = "{3}")
  @CsvSource({
    // option, data, reply types, what
    "2,  '',                     1,                an abort is acknowledged",
    "2,  'ffff',                 1,                an abort with data is acknowledged",
    "3,  '',                     2 1,              a list",
    "3,  '00',                   80000003,         a list with data",
    "4,  '',                     80000001,         PEEK_EXPORT",
    "5,  '',                     80000001,         STARTTLS where there is none",
    "6,  '00000004726573300000', 3 1,              INFO",
    "6,  '000000000000',         3 1,              INFO of the empty name",
    "6,  '00000004726573300003000000010003', 3 3 3 1, INFO that asks for name and block size",
    "6,  '00000004726573300001ffff', 3 1,          INFO that asks for something unknown",
    "6,  '',                     80000003,         INFO without data",
    "6,  '0000000472657330',     80000003,         INFO without a count",
    "6,  '00000004726573300001', 80000003,         INFO with a type too few",
    "6,  '000000047265733000000000', 80000003,     INFO with a byte too many",
    "6,  '7fffffff726573300000', 80000003,         INFO with a name that is longer than the data",
    "6,  '00000007726573300000', 80000003,         INFO with a name one byte longer than the data",
    "6,  '00001000726573300000', 80000003,         INFO with the longest name and less data",
    "6,  'ffffffff726573300000', 80000003,         INFO with a negative length",
    "6,  '00000004726573310000', 80000006,         INFO of an unknown export",
    "6,  '00000004ff6573300000', 80000003,         INFO with a name that is no UTF-8",
    "6,  '00000004720073300000', 80000003,         INFO with NUL in the name",
    "7,  '00000004726573310000', 80000006,         GO to an unknown export",
    "8,  '',                     1,                structured replies",
    "8,  '00',                   80000003,         structured replies with data",
    "9,  '000000047265733000000000', 80000003,     contexts before structured replies",
    "11, '',                     80000001,         extended headers",
    "77, '123456',               80000001,         an option nobody knows",
  })
  void answersOneOption(int option, String data, String types, String what) {
    var answer = haggling(TlsMode.NONE).answer(option, hex(data));

    assertThat(types(answer.replies(), option)).as(what).isEqualTo(List.of(types.split(" ", -1)));
    assertThat(answer.next()).isEqualTo(option == 2 ? Next.CLOSE : Next.OPTION);
  }

  @ParameterizedTest(name = "{3}")
  @CsvSource({
    "9,  '00000000',                            4 1,      a list without queries has everything",
    "10, '00000000',                            1,        a selection without queries has nothing",
    "9,  '00000001 00000005 626173653a',        4 1,      the wild card lists",
    "10, '00000001 00000005 626173653a',        1,        the wild card does not select",
    "10, '00000001 " + ALLOCATION + "',         4 1,      allocation is selected",
    "10, '00000001 00000003 783a79',            1,        an unknown name space is ignored",
    "10, '00000001 0000ffff 783a79',            80000003, a query is longer than the data",
    "10, '00000002 00000003 783a79',            80000003, a query too few",
    "10, '00000001 00000003 783a7900',          80000003, a byte too many",
    "10, 'ffffffff 00000003 783a79',            80000003, an absurd number of queries",
    "10, '',                                    80000003, no number of queries",
  })
  void answersContextQueries(int option, String queries, String types, String what) {
    var haggling = haggling(TlsMode.NONE);
    haggling.answer(8, hex(""));

    var answer = haggling.answer(option, hex(RES0 + queries));

    assertThat(types(answer.replies(), option)).as(what).isEqualTo(List.of(types.split(" ", -1)));
  }

  @Test
  void aSelectionCountsForTheSameExportOnlyAndTheLastOneWins() {
    var haggling = haggling(TlsMode.NONE);
    haggling.answer(8, hex(""));
    haggling.answer(10, hex(RES0 + "00000001" + ALLOCATION));
    // By its other name, the empty one.
    haggling.answer(7, hex("000000000000"));
    assertThat(haggling.agreed().blockStatus()).isTrue();

    haggling.answer(10, hex(RES0 + "00000001 0000ffff"));
    haggling.answer(7, hex(RES0 + "0000"));
    assertThat(haggling.agreed().blockStatus()).isFalse();
  }

  @Test
  void selectionOfOneExportDoesNotCountForAnother() {
    var lookup =
        new ExportLookup() {
          @Override
          public List<String> names() {
            return List.of("res0", "res1");
          }

          @Override
          public Found find(String name) {
            return exports.find("res0");
          }
        };
    var haggling = new Haggling(lookup, false, TlsMode.NONE);
    haggling.answer(8, hex(""));
    haggling.answer(10, hex(RES0 + "00000001" + ALLOCATION));

    haggling.answer(7, hex("00000004 72657331 0000"));
    assertThat(haggling.agreed().blockStatus()).isFalse();
    haggling.answer(7, hex(RES0 + "0000"));
    assertThat(haggling.agreed().blockStatus()).isTrue();
  }

  @Test
  void aRefusedExportIsToldWhyAndTheNextGoMaySucceed() {
    var served = exports.find("res0");
    exports.become(new Found.Refused("res0 is secondary on this node"));
    var haggling = haggling(TlsMode.NONE);

    var refused = haggling.answer(7, hex(RES0 + "0000"));

    assertThat(types(refused.replies().duplicate(), 7)).containsExactly("80000002");
    assertThat(StandardCharsets.UTF_8.decode(refused.replies().position(20)).toString())
        .isEqualTo("res0 is secondary on this node");
    assertThat(refused.next()).isEqualTo(Next.OPTION);
    assertThat(types(haggling.answer(3, hex("")).replies(), 3)).containsExactly("1");
    assertThat(haggling.answer(1, hex("72657330")).next()).isEqualTo(Next.CLOSE);

    exports.become(served);
    assertThat(haggling.answer(7, hex(RES0 + "0000")).next()).isEqualTo(Next.TRANSMISSION);
  }

  @Test
  void exportNameOfAnUnknownExportCloses() {
    assertThat(haggling(TlsMode.NONE).answer(1, hex("72")).next()).isEqualTo(Next.CLOSE);
    assertThat(haggling(TlsMode.NONE).answer(1, ByteBuffer.allocate(5000)).next())
        .isEqualTo(Next.CLOSE);
  }

  @Test
  void beforeTlsNothingElseIsAnswered() {
    var haggling = haggling(TlsMode.REQUIRED);

    for (var option : new int[] {3, 6, 7, 8, 9, 10, 77}) {
      assertThat(types(haggling.answer(option, hex("")).replies(), option))
          .containsExactly("80000005");
    }
    assertThat(haggling.answer(1, hex("72657330")).next()).isEqualTo(Next.CLOSE);
    assertThat(types(haggling.answer(5, hex("00")).replies(), 5)).containsExactly("80000003");
    assertThat(haggling.answer(5, hex("")).next()).isEqualTo(Next.START_TLS);
    assertThat(types(haggling(TlsMode.ACTIVE).answer(5, hex("")).replies(), 5))
        .containsExactly("80000003");
  }

  private Haggling haggling(TlsMode tls) {
    return new Haggling(exports, false, tls);
  }

  private static ByteBuffer hex(String text) {
    return ByteBuffer.wrap(HexFormat.of().parseHex(text.replaceAll("\\s", "")));
  }

  private static List<String> types(ByteBuffer replies, int option) {
    var types = new ArrayList<String>();
    while (replies.hasRemaining()) {
      assertThat(replies.getLong()).isEqualTo(Wire.OPTION_REPLY_MAGIC);
      assertThat(replies.getInt()).isEqualTo(option);
      types.add(Integer.toHexString(replies.getInt()));
      var length = replies.getInt();
      replies.position(replies.position() + length);
    }
    return types;
  }
}
