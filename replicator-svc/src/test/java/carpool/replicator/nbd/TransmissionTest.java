package carpool.replicator.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.replicator.nbd.ExportLookup.Found;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TransmissionTest {
  private static final int MIB = 1 << 20;

  /// What a server takes at a time.
  private static final int CONNECTIONS_MAX = 128;

  private static final Duration DEADLINE = Duration.ofSeconds(10);

  @TempDir Path directory;
  private final MemoryDevice device = new MemoryDevice(16 * MIB);
  private final OneExport exports = new OneExport("res0", device);
  private NbdServer server;

  @BeforeEach
  void serve() throws Exception {
    server = NbdServer.listenUnix(directory.resolve("s"), exports);
  }

  @AfterEach
  void nothingIsLeft() throws Exception {
    server.stop(DEADLINE);
    device.letGo();
    await(device::allSlotsFree);
    assertThat(Files.exists(directory.resolve("s"))).isFalse();
  }

  @Test
  void theSocketIsForItsOwnerOnly() throws Exception {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve("s"))))
        .isEqualTo("rw-------");
  }

  @Test
  void requestsLongerThanASlotAreCarriedOutWhole() throws Exception {
    for (var structured : new boolean[] {false, true}) {
      for (var length : new int[] {MIB + 17, 5 * MIB + 17}) {
        try (var client = client(structured)) {
          var payload = random(length);
          client.send(WireClient.request(1, 1, 1, 1000, payload.length, payload));
          assertThat(client.simpleReply(1)).isZero();
          assertThat(device.bytes(1000, payload.length)).isEqualTo(payload);

          client.request(0, 0, 2, 1000, payload.length);
          client.receive(structured ? 28 : 16);
          assertThat(client.receiveBytes(payload.length)).isEqualTo(payload);
        }
      }
    }
  }

  @Test
  void aPayloadThatIsNotAcceptedIsDrainedAndTheStreamStaysInStep() throws Exception {
    try (var client = client(false)) {
      client.send(WireClient.request(0, 1, 1, 16 * MIB - 1, 2, new byte[2]));
      assertThat(client.simpleReply(1)).isEqualTo(28);
      client.send(WireClient.request(2, 1, 2, 0, 5000, new byte[5000]));
      assertThat(client.simpleReply(2)).isEqualTo(22);
      client.send(WireClient.request(0, 1, 3, 0, 70 * MIB, new byte[70 * MIB]));
      assertThat(client.simpleReply(3)).isEqualTo(22);
      client.request(0, 99, 4, 0, 12);
      assertThat(client.simpleReply(4)).isEqualTo(22);
      client.request(0, 0, 5, 0, 0);
      assertThat(client.simpleReply(5)).isZero();
      client.request(0, 3, 6, 0, 0);
      assertThat(client.simpleReply(6)).isZero();
    }
  }

  @Test
  void abuseEndsTheConnection() throws Exception {
    try (var client = client(false)) {
      client.request(0, 1, 1, 0, 129 * MIB);
      try {
        client.send(new byte[129 * MIB]);
        client.request(0, Wire.CMD_DISC, 2, 0, 0);
      } catch (IOException _) {
        // Closed already.
      }
      assertThat(client.receiveUntilClosed()).as("bytes of a reply").isZero();
    }
    try (var client = client(false)) {
      client.send("deadbeef" + "00".repeat(24));
      assertThat(client.isClosedByServer()).isTrue();
    }
  }

  @Test
  void aPayloadThatNeverArrivesCompletelyChangesNothing() throws Exception {
    for (var length : new int[] {4096, MIB, 3 * MIB}) {
      try (var client = client(false)) {
        var bytes = new byte[length - 1];
        Arrays.fill(bytes, (byte) 7);
        client.send(WireClient.request(0, 1, 1, 0, length, bytes));
      }
    }
    await(() -> server.connections(device) == 0);
    assertThat(device.bytes(0, MIB)).containsOnly(0);
    assertThat(device.requests).hasValue(0);
  }

  @Test
  void aFailingDeviceIsAnInputOutputError() throws Exception {
    device.failing = true;
    try (var client = client(false)) {
      client.request(0, 0, 1, 0, 4096);
      assertThat(client.simpleReply(1)).isEqualTo(5);
      client.request(0, 0, 2, 0, 2 * MIB);
      assertThat(client.simpleReply(2)).isEqualTo(5);
      client.send(WireClient.request(0, 1, 3, 0, 4, new byte[4]));
      assertThat(client.simpleReply(3)).isEqualTo(5);
    }
    try (var client = client(true)) {
      client.request(0, 0, 4, 0, 4096);
      assertThat(client.receive(20)).startsWith("668e33ef00018001");
    }
  }

  @Test
  void aClientThatDoesNotReadStallsOnlyItself() throws Exception {
    try (var sleeper = client(false);
        var other = client(false)) {
      // In one piece, because a socket holds few small ones.
      var requests = ByteBuffer.allocate(600 * Wire.REQUEST_BYTES);
      for (var i = 0; i < 600; i++) {
        requests.put(WireClient.request(0, 0, i, 0, 128 << 10, new byte[0]));
      }
      sleeper.send(requests.array());
      for (var i = 0; i < 200; i++) {
        other.request(0, 0, i, 0, 100_000);
        assertThat(other.simpleReply(i)).isZero();
        other.receiveBytes(100_000);
      }
      await(device::allSlotsFree);
      for (var i = 0; i < 600; i++) {
        assertThat(sleeper.simpleReply(i)).isZero();
        sleeper.receiveBytes(128 << 10);
      }
    }
  }

  @Test
  void answersMayComeInAnyOrderAndFromAnyThread() throws Exception {
    device.hold();
    try (var client = client(false)) {
      for (var i = 0; i < 40; i++) {
        client.send(WireClient.request(0, 1, i, i * 4096L, 4096, random(4096)));
      }
      await(() -> device.heldCount() == 40);
      device.letGo();
      for (var i = 0; i < 40; i++) {
        assertThat(client.simpleReply(i)).isZero();
      }
    }
  }

  @Test
  void disconnectIsHeldUntilTheRestIsAnswered() throws Exception {
    device.hold();
    try (var client = client(false)) {
      client.send(WireClient.request(0, 1, 1, 0, 4, new byte[4]));
      client.request(0, 2, 0, 0, 0);
      await(() -> device.heldCount() == 1);
      device.letGo();
      assertThat(client.simpleReply(1)).isZero();
      assertThat(client.isClosedByServer()).isTrue();
    }
  }

  @Test
  void drainingAnswersWhatIsInFlightAndThenCloses() throws Exception {
    device.hold();
    try (var client = client(false);
        var idle = client(false)) {
      client.send(WireClient.request(0, 1, 1, 0, 4, new byte[4]));
      await(() -> device.heldCount() == 1);
      exports.become(new Found.Refused("res0 is secondary here"));

      assertThat(server.drain(device, Duration.ofMillis(200))).isFalse();
      assertThat(idle.isClosedByServer()).isTrue();
      device.letGo();
      assertThat(server.drain(device, DEADLINE)).isTrue();

      assertThat(client.simpleReply(1)).isZero();
      assertThat(client.isClosedByServer()).isTrue();
      assertThatThrownBy(() -> client(false)).isInstanceOf(EOFException.class);
    }
  }

  @Test
  void cuttingOffClosesAtOnce() throws Exception {
    device.hold();
    try (var client = client(false)) {
      client.request(0, 0, 1, 0, 4096);
      await(() -> device.heldCount() == 1);

      server.cutOff(device);

      assertThat(client.isClosedByServer()).isTrue();
      assertThat(server.drain(device, DEADLINE)).isTrue();
    }
  }

  @Test
  void aDeviceThatIsGoneEndsItsConnections() throws Exception {
    try (var client = client(false)) {
      device.end();
      client.request(0, 0, 1, 0, 2 * MIB);
      assertThat(client.isClosedByServer()).isTrue();
    }
  }

  @Test
  void aFlushReachesTheDeviceFromEveryConnection() throws Exception {
    try (var one = client(false);
        var two = client(true)) {
      one.request(0, 3, 1, 0, 0);
      assertThat(one.simpleReply(1)).isZero();
      two.request(1, 3, 1, 0, 0);
      assertThat(two.simpleReply(1)).isZero();
      two.send(WireClient.request(1, 1, 2, 0, 4, new byte[4]));
      assertThat(two.simpleReply(2)).isZero();
    }
    assertThat(device.flushes).hasValue(2);
    assertThat(device.forcedWrites).hasValue(1);
  }

  @Test
  void fuaOfTrimAndOfWriteZeroesReachesTheDevice() throws Exception {
    try (var client = client(false)) {
      for (int command : new int[] {Wire.CMD_TRIM, Wire.CMD_WRITE_ZEROES}) {
        client.request(0, command, 1, 0, 4096);
        assertThat(client.simpleReply(1)).isZero();
        assertThat(device.forcedZeroes.getAndSet(0)).isZero();
        client.request(Wire.FLAG_FUA, command, 2, 0, 4096);
        assertThat(client.simpleReply(2)).isZero();
        assertThat(device.forcedZeroes.getAndSet(0)).isEqualTo(1);
      }
    }
  }

  /// Whether its payload goes straight into slots or is collected first.
  @Test
  void fuaOfALongWriteReachesTheDeviceWithEveryPart() throws Exception {
    try (var client = client(false)) {
      for (var length : new int[] {MIB + 17, 5 * MIB + 17}) {
        client.send(WireClient.request(0, 1, 1, 0, length, new byte[length]));
        assertThat(client.simpleReply(1)).isZero();
        assertThat(device.forcedWrites.getAndSet(0)).isZero();
        client.send(WireClient.request(Wire.FLAG_FUA, 1, 2, 0, length, new byte[length]));
        assertThat(client.simpleReply(2)).isZero();
        assertThat(device.forcedWrites.getAndSet(0))
            .isEqualTo(Math.ceilDiv(length, device.slotBytes()));
      }
    }
  }

  @Test
  void zeroesWithNoHoleStayAllocated() throws Exception {
    try (var client = client(false)) {
      for (boolean noHole : new boolean[] {true, false}) {
        client.send(WireClient.request(0, 1, 1, 0, 8192, random(8192)));
        assertThat(client.simpleReply(1)).isZero();
        client.request(noHole ? Wire.FLAG_NO_HOLE : 0, Wire.CMD_WRITE_ZEROES, 2, 0, 8192);
        assertThat(client.simpleReply(2)).isZero();
        assertThat(device.bytes(0, 8192)).containsOnly(0);
        assertThat(device.allocation(0, 8192).hole()).isEqualTo(!noHole);
      }
    }
  }

  @Test
  void errorOfOnePartIsThatOfTheWholeRequest() throws Exception {
    device.failing = true;
    try (var client = client(false)) {
      for (var length : new int[] {4096, MIB + 17, 5 * MIB + 17}) {
        client.send(WireClient.request(0, 1, 1, 0, length, new byte[length]));
        assertThat(client.simpleReply(1)).as("write of " + length).isEqualTo(5);
        client.request(0, 0, 2, 0, length);
        assertThat(client.simpleReply(2)).as("read of " + length).isEqualTo(5);
      }
    } finally {
      device.failing = false;
    }
  }

  /// Also when the first ones are done well.
  @Test
  void longWriteIsAnsweredByTheLastOfItsParts() throws Exception {
    try (var client = client(false)) {
      for (var length : new int[] {MIB + 17, 5 * MIB + 17}) {
        int parts = Math.ceilDiv(length, device.slotBytes());
        device.hold();
        client.send(WireClient.request(0, 1, 1, 0, length, new byte[length]));
        await(() -> device.heldCount() == parts);
        for (int i = 1; i < parts; i++) {
          device.letOneGo();
        }
        device.failing = true;
        device.letGo();
        assertThat(client.simpleReply(1)).as("write of " + length).isEqualTo(5);
        device.failing = false;
      }
    }
  }

  @Test
  void oneConnectionMoreThanTheServerTakesIsClosedAndTheOthersGoOn() throws Exception {
    var clients = new ArrayList<WireClient>();
    try {
      for (int i = 0; i < CONNECTIONS_MAX; i++) {
        clients.add(client(false));
      }
      // A client has its answer a moment before the server counts it.
      await(() -> server.connections(device) == CONNECTIONS_MAX);
      try (var client = new WireClient(server.address())) {
        assertThat(client.receiveUntilClosed()).as("bytes of a greeting").isZero();
      }

      clients.removeFirst().close();
      await(() -> server.connections(device) == CONNECTIONS_MAX - 1);
      clients.add(client(false));
      for (var client : clients) {
        client.request(0, Wire.CMD_FLUSH, 1, 0, 0);
        assertThat(client.simpleReply(1)).isZero();
      }
    } finally {
      for (var client : clients) {
        client.close();
      }
    }
  }

  /// Lengths are unsigned on the wire.
  @Test
  void lengthBeyondTwoGibIsPastTheEndAndNotNegative() throws Exception {
    try (var client = client(false)) {
      client.request(0, Wire.CMD_TRIM, 1, 0, 0x8000_0000);
      assertThat(client.simpleReply(1)).isEqualTo(22);
      client.request(0, Wire.CMD_WRITE_ZEROES, 2, 4096, 0xffff_f000);
      assertThat(client.simpleReply(2)).isEqualTo(28);
    }
  }

  @Test
  void oneExtentIsNotLongerThanAsked() throws Exception {
    try (var client = new WireClient(server.address())) {
      client.receive(18);
      client.send("00000003");
      client.option(8, new byte[0]);
      client.receive(20);
      client.send(
          "49484156454f5054 0000000a 0000001f 00000004 72657330 00000001 0000000f"
              + " 626173653a616c6c6f636174696f6e");
      client.receive(20 + 19 + 20);
      client.option(7, WireClient.go("res0"));
      client.receive(52);
      client.request(Wire.FLAG_REQ_ONE, 7, 1, 5, 1000);

      assertThat(client.receive(32))
          .isEqualTo(
              "668e33ef000100050000000000000001" + "0000000c" + "00000000" + "000003e800000003");
    }
  }

  @Test
  void blockStatusWithoutItsContextIsInvalid() throws Exception {
    try (var client = client(false)) {
      client.request(0, 7, 1, 0, 4096);
      assertThat(client.simpleReply(1)).isEqualTo(22);
    }
  }

  @Test
  void aSlowClientThatMakesProgressIsServed() throws Exception {
    try (var client = client(false)) {
      for (var one : WireClient.request(0, 1, 9, 0, 3, new byte[] {1, 2, 3})) {
        client.send(new byte[] {one});
      }
      assertThat(client.simpleReply(9)).isZero();
    }
    assertThat(device.bytes(0, 3)).containsExactly(1, 2, 3);
  }

  private WireClient client(boolean structured) throws Exception {
    return WireClient.inTransmission(server.address(), "res0", structured);
  }

  private static byte[] random(int length) {
    var bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return ByteBuffer.wrap(bytes).array();
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    var end = System.nanoTime() + DEADLINE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(end);
      TimeUnit.MILLISECONDS.sleep(2);
    }
  }
}
