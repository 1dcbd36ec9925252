package carpool.replicator.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The exchange of nbd.md section 14, byte for byte; it was recorded with qemu-nbd 7.2. Where this
/// server differs it is said.
@Timeout(value = 20, unit = TimeUnit.SECONDS)
class WireVectorsTest {
  @TempDir Path directory;

  @Test
  void answersTheRecordedExchange() throws Exception {
    var exports = new OneExport("res0", new MemoryDevice(16 << 20));
    try (var server = NbdServer.listenUnix(directory.resolve("s"), exports);
        var client = new WireClient(server.address())) {
      expect(client, "4e42444d41474943 49484156454f5054 0003");
      client.send("00000003");
      client.send("49484156454f5054 00000008 00000000");
      expect(client, "0003e889045565a9 00000008 00000001 00000000");
      client.send(
          "49484156454f5054 0000000a 0000001f 00000004 72657330 00000001 0000000f"
              + " 626173653a616c6c6f636174696f6e");
      expect(
          client,
          "0003e889045565a9 0000000a 00000004 00000013 00000000 626173653a616c6c6f636174696f6e");
      expect(client, "0003e889045565a9 0000000a 00000001 00000000");
      client.send("49484156454f5054 00000007 0000000c 00000004 72657330 0001 0003");
      expect(client, "0003e889045565a9 00000007 00000003 0000000e 0003 00000001 00001000 02000000");
      expect(client, "0003e889045565a9 00000007 00000003 0000000c 0000 0000000001000000 0ded");
      expect(client, "0003e889045565a9 00000007 00000001 00000000");

      client.send("25609513 0001 0001 1122334455667788 0000000000002000 00000008 4142434445464748");
      expect(client, "67446698 00000000 1122334455667788");
      client.send("25609513 0000 0000 0000000000000002 0000000000001ffc 00000010");
      // qemu-nbd splits this into a hole and data; here it is one chunk of data.
      expect(
          client,
          "668e33ef 0001 0001 0000000000000002 00000018 0000000000001ffc"
              + " 00000000 4142434445464748 00000000");
      client.send("25609513 0000 0007 0000000000000003 0000000000000000 00010000");
      expect(
          client,
          "668e33ef 0001 0005 0000000000000003 0000001c 00000000"
              + " 00002000 00000003 00001000 00000000 0000d000 00000003");
      client.send("25609513 0000 0000 0000000000000004 0000000001000000 00000010");
      // The same chunk with another text.
      expect(client, "668e33ef 0001 8001 0000000000000004 0000001e 00000016 0018");
      assertThat(new String(client.receiveBytes(24), java.nio.charset.StandardCharsets.US_ASCII))
          .isEqualTo("the request is not valid");
      client.send("25609513 0000 0003 0000000000000005 0000000000000000 00000000");
      expect(client, "67446698 00000000 0000000000000005");
      client.send("25609513 0000 0002 0000000000000006 0000000000000000 00000000");
      assertThat(client.isClosedByServer()).isTrue();
    }
  }

  @Test
  void exportNameWithoutNoZeroesIsPadded() throws Exception {
    var exports = new OneExport("res0", new MemoryDevice(16 << 20));
    try (var server = NbdServer.listenUnix(directory.resolve("s"), exports);
        var client = new WireClient(server.address())) {
      client.receive(18);
      client.send("00000001");
      client.send("49484156454f5054 00000001 00000000");
      expect(client, "0000000001000000 0d6d" + "00".repeat(124));
      client.send("25609513 0000 0000 0000000000000002 0000000000000000 00000002");
      expect(client, "67446698 00000000 0000000000000002 0000");
    }
  }

  private static void expect(WireClient client, String hex) throws Exception {
    var wanted = hex.replaceAll("\\s", "");
    assertThat(client.receive(wanted.length() / 2)).isEqualTo(wanted);
  }
}
