package carpool.replicator.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;

import carpool.kit.grpc.Channels;
import carpool.peer.v1.Hello;
import carpool.peer.v1.PeerGrpc;
import carpool.peer.v1.PeerMessage;
import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.Identity;
import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.Role;
import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Sessions of a peer that says anything: random bytes, good hellos with single bytes or fields
/// changed, several messages, calls cut off; and the same at the block port. The number of calls is
/// the system property `fuzz.sessions`, the first seed `fuzz.first`.
@Tag("peer")
final class PeerSessionFuzzTest {
  private static final int SESSIONS = Integer.getInteger("fuzz.sessions", 400);
  private static final long FIRST = Long.getLong("fuzz.first", 1);
  private static final int MAP_MAX_BYTES = 16 << 20;

  private static final MethodDescriptor.Marshaller<byte[]> RAW =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          return new byte[0];
        }
      };

  @TempDir private Path directory;

  @Test
  void survivesAnyPeerAndStillMeetsTheRealOne() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.environment(Map.of("JDK_JAVA_OPTIONS", "-Xmx192m")); // no length is believed unseen
      pair.start(2);
      var channel =
          Channels.tcp(pair.peerAddress(2), Optional.empty(), TimeUnit.SECONDS.toMillis(60));
      try {
        for (long seed = FIRST; seed < FIRST + SESSIONS; seed++) {
          var random = new Random(seed);
          session(channel, random);
          blockConnection(pair, random);
        }
      } finally {
        channel.shutdownNow();
      }
      var after = pair.status(2);
      assertThat(after.getRole()).isEqualTo(Role.ROLE_SECONDARY);
      assertThat(pair.logs()).doesNotContain("OutOfMemoryError", "invariant");
      assertThat(pair.logs().lines().count()).as(pair.logs()).isLessThan(200);

      pair.environment(Map.of());
      pair.start(1);
      pair.await(1, "met", r -> r.getLink() == LinkState.LINK_STATE_CONNECTED);
      assertEquals(Role.ROLE_PRIMARY, pair.role(1, Role.ROLE_PRIMARY).getNow(), pair.logs());
      Tools.run("qemu-io", "-f", "raw", "-c", "write -P 3 1M 1M", "-c", "flush", pair.uri(1));
      pair.awaitComplete(1);
      assertEquals(-1, pair.firstDifference());
    }
  }

  private static void session(ManagedChannel channel, Random random) throws InterruptedException {
    var method = PeerGrpc.getSessionMethod().toBuilder(RAW, RAW).build();
    var call = channel.newCall(method, CallOptions.DEFAULT.withDeadlineAfter(10, TimeUnit.SECONDS));
    var over = new CountDownLatch(1);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            over.countDown();
          }
        },
        new Metadata());
    call.request(10);
    int messages = 1 + random.nextInt(3);
    for (int i = 0; i < messages; i++) {
      call.sendMessage(message(random));
    }
    switch (random.nextInt(3)) {
      case 0 -> call.cancel("cut off", null);
      case 1 -> call.halfClose();
      default -> {
        var _ = over.await(random.nextInt(50), TimeUnit.MILLISECONDS);
        call.halfClose();
      }
    }
    assertThat(over.await(20, TimeUnit.SECONDS)).isTrue();
  }

  private static byte[] message(Random random) {
    if (random.nextInt(5) == 0) {
      var bytes = new byte[random.nextInt(2000)];
      random.nextBytes(bytes);
      return bytes;
    }
    var bytes =
        PeerMessage.newBuilder()
            .setNumber(random.nextInt(3))
            .setHello(hello(random))
            .build()
            .toByteArray();
    if (random.nextBoolean()) {
      for (int i = random.nextInt(4); i >= 0; i--) {
        bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      }
    }
    return bytes;
  }

  /// Nearly that of hast1: what is refused at the first look would test little.
  private static Hello hello(Random random) {
    var hello =
        Hello.newBuilder()
            .setProtocolMin(1)
            .setProtocolMax(1)
            .setCluster("test")
            .setNode("hast1")
            .setResource("disk1")
            .setRole(Role.ROLE_SECONDARY)
            .setDisk(DiskState.DISK_STATE_UP_TO_DATE)
            .setIdentity(Identity.newBuilder().setGeneration(random.nextInt(3)))
            .setDataSizeBytes(Pair.SIZE_BYTES - Pair.DATA_OFFSET)
            .setExtentSizeBytes(2 << 20)
            .setProposedResuid(7)
            .setChecksum("none");
    switch (random.nextInt(12)) {
      case 0 -> hello.setDifferent(randomBytes(random, random.nextInt(64)));
      case 1 -> hello.setDifferent(ByteString.copyFrom(new byte[random.nextInt(MAP_MAX_BYTES)]));
      case 2 -> hello.setDataSizeBytes(random.nextLong());
      case 3 -> hello.setExtentSizeBytes(random.nextLong());
      case 4 -> hello.setRoleValue(random.nextInt());
      case 5 -> hello.setDiskValue(random.nextInt());
      case 6 -> hello.setPayloadMaxBytes(random.nextInt());
      case 7 -> {
        var identity = Identity.newBuilder().setResuid(random.nextLong());
        for (int i = random.nextInt(100_000); i > 0; i--) {
          identity.addHistory(random.nextLong());
        }
        hello.setIdentity(identity);
      }
      case 8 -> hello.setNode("x".repeat(random.nextInt(1 << 20)));
      case 9 -> hello.setChecksum("y".repeat(random.nextInt(1 << 16)));
      case 10 -> hello.setToken(randomBytes(random, random.nextInt(100)));
      default -> {}
    }
    return hello.build();
  }

  private static ByteString randomBytes(Random random, int length) {
    var bytes = new byte[length];
    random.nextBytes(bytes);
    return ByteString.copyFrom(bytes);
  }

  private static void blockConnection(Pair pair, Random random) throws Exception {
    try (var channel = SocketChannel.open(pair.blockAddress(2))) {
      var bytes = new byte[random.nextInt(60)];
      random.nextBytes(bytes);
      if (random.nextBoolean() && bytes.length >= 8) {
        ByteBuffer.wrap(bytes).putInt(0x43505242).putInt(1);
      }
      channel.write(ByteBuffer.wrap(bytes));
    }
  }
}
