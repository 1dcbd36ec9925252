package carpool.replicator.pair;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.kit.grpc.Channels;
import carpool.peer.v1.Hello;
import carpool.peer.v1.PeerGrpc;
import carpool.peer.v1.PeerMessage;
import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.Identity;
import carpool.replicator.v1.Role;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The data connection belongs to the session whose token it brings (docs/replication-protocol.md).
@Tag("peer")
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class DataConnectionPairTest {
  private static final int PREAMBLE_MAGIC = 0x43505242;
  private static final int TOKEN_BYTES = 16;

  private static final byte[] HAST1 = {127, 0, 0, 1};

  @TempDir private Path directory;

  /// A session that was agreed on over gRPC and waits for its data connection.
  @Test
  void onlyTheTokenOfTheSessionOpensItsDataConnection() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      pair.start(2);
      var channel =
          Channels.tcp(pair.peerAddress(2), Optional.empty(), TimeUnit.SECONDS.toMillis(30));
      try {
        var answer = new Answer();
        PeerGrpc.newStub(channel).session(answer).onNext(hello());
        var token = answer.hello.get(20, TimeUnit.SECONDS).getToken().toByteArray();
        assertThat(token).hasSize(TOKEN_BYTES);

        assertThat(answered(pair, new byte[TOKEN_BYTES])).as("no token").isFalse();
        for (int at : new int[] {0, TOKEN_BYTES - 1}) {
          var wrong = token.clone();
          wrong[at] ^= 1;
          assertThat(answered(pair, wrong)).as("byte " + at + " differs").isFalse();
        }
        assertThat(answered(pair, token)).as(pair.logs()).isTrue();
        assertThat(answered(pair, token)).as("a second time").isFalse();
      } finally {
        channel.shutdownNow();
      }
    }
  }

  private static final class Answer implements StreamObserver<PeerMessage> {
    final CompletableFuture<Hello> hello = new CompletableFuture<>();

    @Override
    public void onNext(PeerMessage message) {
      hello.complete(message.getHello());
    }

    @Override
    public void onError(Throwable error) {
      hello.completeExceptionally(error);
    }

    @Override
    public void onCompleted() {
      hello.completeExceptionally(new IOException("the call ended"));
    }
  }

  private static PeerMessage hello() {
    return PeerMessage.newBuilder()
        .setNumber(1)
        .setHello(
            Hello.newBuilder()
                .setProtocolMin(1)
                .setProtocolMax(1)
                .setCluster("test")
                .setNode("hast1")
                .setResource("disk1")
                .setRole(Role.ROLE_SECONDARY)
                .setDisk(DiskState.DISK_STATE_UP_TO_DATE)
                .setIdentity(Identity.newBuilder().setGeneration(1))
                .setDataSizeBytes(Pair.SIZE_BYTES - Pair.DATA_OFFSET)
                .setExtentSizeBytes(2 << 20)
                .setProposedResuid(7)
                .setChecksum("none"))
        .build();
  }

  /// Whether a data connection with this token is taken.
  private static boolean answered(Pair pair, byte[] token) throws IOException {
    try (var connection = SocketChannel.open()) {
      connection.bind(new InetSocketAddress(InetAddress.getByAddress(HAST1), 0));
      connection.connect(pair.blockAddress(2));
      var preamble = ByteBuffer.allocate(8 + TOKEN_BYTES);
      preamble.putInt(PREAMBLE_MAGIC).putInt(1).put(token).flip();
      while (preamble.hasRemaining()) {
        var _ = connection.write(preamble);
      }
      var magic = ByteBuffer.allocate(4);
      try {
        while (magic.hasRemaining()) {
          if (connection.read(magic) < 0) {
            return false;
          }
        }
      } catch (IOException _) {
        return false; // reset
      }
      return magic.getInt(0) == PREAMBLE_MAGIC;
    }
  }
}
