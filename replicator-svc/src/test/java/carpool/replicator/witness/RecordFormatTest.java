package carpool.replicator.witness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.replicator.witness.Holder.Both;
import carpool.replicator.witness.Holder.Only;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A record and its bytes.
class RecordFormatTest {
  private static final String TEXT =
      """
      carpool-witness 1
      cluster=storage
      pool=zhast
      resource=disk1
      incarnation=5d1f0c0e9b6a47d2a3f1c2b7e8d90a41
      holder=only hast1 f0f3a9d2c4b5e617
      writer=hast1
      written=2026-12-01T08:00:00Z
      """;

  private static final ResourceRecord RECORD =
      new ResourceRecord(
          "storage",
          "zhast",
          "disk1",
          "5d1f0c0e9b6a47d2a3f1c2b7e8d90a41",
          new Only("hast1", 0xf0f3a9d2c4b5e617L),
          "hast1",
          Instant.parse("2026-12-01T08:00:00Z"));

  private static ResourceRecord decode(String text) throws RecordFormat.Refused {
    return RecordFormat.decode(
        ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), "storage", "disk1");
  }

  @Test
  void aRecordIsThisText() throws Exception {
    assertThat(new String(RecordFormat.encode(RECORD), StandardCharsets.UTF_8)).isEqualTo(TEXT);
    assertThat(decode(TEXT)).isEqualTo(RECORD);
  }

  @Test
  void bothIsTheOtherHolder() throws Exception {
    var text = TEXT.replaceAll("holder=.*", "holder=both 0000000000000001");

    assertThat(decode(text).holder()).isEqualTo(new Both(1));
    assertThat(new String(RecordFormat.encode(decode(text)), StandardCharsets.UTF_8))
        .isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "carpool-witness 1|carpool-witness 2|format 2, this node knows format 1; a newer carpool",
        "carpool-witness 1|carpool-witness 0|format 0, this node knows format 1; an older carpool",
        "carpool-witness 1|carpool-witness 01x|does not begin with `carpool-witness 1`",
        "carpool-witness 1|{\"version\":1}|does not begin with `carpool-witness 1`",
        "cluster=storage|cluster=other|belongs to the cluster `other`, this node to `storage`; give each pair",
        "resource=disk1|resource=disk2|is that of the resource `disk2`",
        "cluster=storage|pool=storage|its line 2 is no `cluster=…`",
        "pool=zhast|pool=|its line 3 is no `pool=…`",
        "holder=only|holder=none|its holder is neither",
        "f0f3a9d2c4b5e617|f0f3|its holder is neither",
        "f0f3a9d2c4b5e617|F0F3A9D2C4B5E617|its holder is neither",
        "written=2026-12-01T08:00:00Z|written=yesterday|`written=` holds no time",
        "writer=hast1|writer=hast1~more=1|has not the 8 lines of format 1",
      })
  void anythingElseIsRefused(String part, String instead, String sentence) {
    var text = TEXT.replace(part, instead.replace('~', '\n'));

    assertThatThrownBy(() -> decode(text))
        .isInstanceOf(RecordFormat.Refused.class)
        .hasMessageContaining(sentence);
  }

  @Test
  void bytesThatAreNoTextAndTooManyAreRefused() {
    assertThatThrownBy(() ->
            RecordFormat.decode(ByteBuffer.wrap(new byte[] {(byte) 0xff}), "storage", "disk1"))
        .hasMessageContaining("no UTF-8");
    assertThatThrownBy(() -> decode(TEXT + "x".repeat(RecordFormat.BYTES_MAX)))
        .hasMessageContaining("allowed are 2048");
    assertThatThrownBy(() -> decode("")).hasMessageContaining("does not begin");
  }

  /// Any bytes are a record or refused, and never anything else.
  @Test
  void damagedRecordsAreRefusedOrReadAsTheyStand() {
    var random = new Random(13);
    for (int i = 0; i < 20_000; i++) {
      var bytes = TEXT.getBytes(StandardCharsets.UTF_8);
      for (int change = 0; change <= random.nextInt(3); change++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
      }
      try {
        var record = RecordFormat.decode(ByteBuffer.wrap(bytes), "storage", "disk1");
        assertThat(record.cluster()).isEqualTo("storage");
        assertThat(record.resource()).isEqualTo("disk1");
        assertThat(RecordFormat.encode(record)).isNotEmpty();
      } catch (RecordFormat.Refused e) {
        assertThat(e).hasMessageContaining("; ");
      }
    }
  }

  @Test
  void aNameThatIsNoLineIsRefusedWhenWritten() {
    var broken =
        new ResourceRecord("storage", "zh\nast", "disk1", "x", new Both(1), "hast1", Instant.EPOCH);
    assertThatThrownBy(() -> RecordFormat.encode(broken))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
