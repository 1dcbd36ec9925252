package carpool.replicator.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Mutated and random streams, cut at any byte. The first seed and their number are the system
/// properties `fuzz.first` and `fuzz.count`.
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class FuzzTest {
  private static final String GOOD =
      "00000003"
          + "49484156454f5054 00000008 00000000"
          + "49484156454f5054 0000000a 0000001f 00000004 72657330 00000001 0000000f"
          + "626173653a616c6c6f636174696f6e"
          + "49484156454f5054 00000003 00000000"
          + "49484156454f5054 00000007 0000000c 00000004 72657330 0001 0003"
          + "25609513 0001 0001 1122334455667788 0000000000002000 00000008 4142434445464748"
          + "25609513 0000 0000 0000000000000002 0000000000001ffc 00000010"
          + "25609513 0000 0007 0000000000000003 0000000000000000 00010000"
          + "25609513 0000 0006 0000000000000003 0000000000000000 00010000"
          + "25609513 0000 0004 0000000000000003 0000000000000100 00000010"
          + "25609513 0000 0000 0000000000000004 0000000000000000 00100000"
          + "25609513 0000 0003 0000000000000005 0000000000000000 00000000"
          + "25609513 0000 0002 0000000000000006 0000000000000000 00000000";

  @TempDir Path directory;

  @Test
  void survivesAnyInput() throws Exception {
    var first = Long.getLong("fuzz.first", 1);
    var count = Long.getLong("fuzz.count", 1500);
    var device = new MemoryDevice(4 << 20, 64 << 10, 16, false);
    var exports = new OneExport("res0", device);
    try (var server = NbdServer.listenUnix(directory.resolve("s"), exports)) {
      for (var seed = first; seed < first + count; seed++) {
        try (var client = new WireClient(server.address())) {
          client.send(stream(new Random(seed)));
        } catch (IOException _) {
          // The server has hung up on garbage.
        }
        if (seed % 250 == 0) {
          assertServes(server, seed);
        }
      }
      assertServes(server, first + count);
      assertThat(server.drain(device, Duration.ofSeconds(20))).isTrue();
      assertThat(device.allSlotsFree()).as("slots after the seeds from %d", first).isTrue();
    }
  }

  private static void assertServes(NbdServer server, long seed) throws IOException {
    try (var client = WireClient.inTransmission(server.address(), "res0", false)) {
      client.request(0, 0, seed, 0, 512);
      assertThat(client.simpleReply(seed)).as("seed up to %d", seed).isZero();
      client.receiveBytes(512);
    }
  }

  private static byte[] stream(Random random) {
    var bytes = HexFormat.of().parseHex(GOOD.replace(" ", ""));
    if (random.nextInt(10) == 0) {
      bytes = new byte[random.nextInt(500)];
      random.nextBytes(bytes);
    }
    for (var changes = random.nextInt(6); changes > 0 && bytes.length > 0; changes--) {
      var at = random.nextInt(bytes.length);
      bytes[at] =
          switch (random.nextInt(4)) {
            case 0 -> (byte) 0xff;
            case 1 -> 0;
            case 2 -> (byte) (bytes[at] ^ 1 << random.nextInt(8));
            default -> (byte) random.nextInt(256);
          };
    }
    return random.nextInt(3) == 0
        ? java.util.Arrays.copyOf(bytes, random.nextInt(bytes.length + 1))
        : bytes;
  }
}
