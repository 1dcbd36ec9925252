package carpool.replicator.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PackerTest {
  private final Packer packer = new Packer();

  private static byte[] text(int length) {
    var line =
        "what repeats can be packed, and a page of text does\n".getBytes(StandardCharsets.UTF_8);
    var bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = line[i % line.length];
    }
    return bytes;
  }

  private byte[] packed(Compression how, byte[] plain) {
    var out = ByteBuffer.allocate(plain.length);
    assertThat(packer.pack(how, ByteBuffer.wrap(plain), out)).as(how + " packs").isTrue();
    out.flip();
    var bytes = new byte[out.remaining()];
    out.get(bytes);
    return bytes;
  }

  private byte[] unpacked(Compression how, byte[] packed, int length) throws ProtocolException {
    packer.packed(packed.length).put(packed);
    var out = ByteBuffer.allocate(length);
    packer.unpack(how, packed.length, out);
    return out.array();
  }

  @ParameterizedTest
  @EnumSource(names = {"LZF", "LZ4"})
  void whatIsPackedComesBackWhole(Compression how) throws ProtocolException {
    for (int length : new int[] {1024, 4096, 65535, 65536, 65537, 128 << 10}) {
      var plain = text(length);

      var packed = packed(how, plain);

      assertThat(packed).hasSizeLessThan(length / 8);
      assertThat(unpacked(how, packed, length)).isEqualTo(plain);
    }
  }

  @ParameterizedTest
  @EnumSource(Compression.class)
  void whatCannotBePackedOrIsShortGoesAsItIs(Compression how) {
    var noise = new byte[128 << 10];
    new Random(1).nextBytes(noise);

    assertThat(packer.pack(how, ByteBuffer.wrap(noise), ByteBuffer.allocate(noise.length)))
        .isFalse();
    assertThat(packer.pack(how, ByteBuffer.wrap(text(1023)), ByteBuffer.allocate(1023))).isFalse();
  }

  @ParameterizedTest
  @EnumSource(names = {"LZF", "LZ4"})
  void anotherLengthThanTheFrameSaysIsRefused(Compression how) {
    var packed = packed(how, text(8192));

    for (int length : new int[] {1, 8191, 8193, 128 << 10}) {
      assertThatThrownBy(() -> unpacked(how, packed, length)).isInstanceOf(ProtocolException.class);
    }
  }

  /// Random, mutated and cut input: the length asked for or a refusal, and nothing else.
  @ParameterizedTest
  @EnumSource(names = {"LZF", "LZ4"})
  void anyInputUnpacksToItsLengthOrIsRefused(Compression how) {
    var random = new Random(42);
    var good = packed(how, text(16384));
    int refused = 0;
    for (int round = 0; round < 50_000; round++) {
      byte[] input;
      if (random.nextInt(4) == 0) {
        input = new byte[1 + random.nextInt(300)];
        random.nextBytes(input);
        if (how == Compression.LZF && input.length > 4 && random.nextBoolean()) {
          input[0] = 'Z';
          input[1] = 'V';
          input[2] = (byte) random.nextInt(3);
        }
      } else {
        input = java.util.Arrays.copyOf(good, 1 + random.nextInt(good.length));
        for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
          input[random.nextInt(input.length)] = (byte) random.nextInt(256);
        }
      }
      try {
        assertThat(unpacked(how, input, 16384)).hasSize(16384);
      } catch (ProtocolException expected) {
        refused++;
      }
    }
    assertThat(refused).isGreaterThan(10_000);
  }
}
