package carpool.replicator.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.stream.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Replies of several threads on one connection.
class OutboxTest {
  private static final int REPLIES = 300_000;

  /// Takes everything, and notices two senders at once and bytes that are no reply.
  private static final class Checking implements Transport {
    final AtomicBoolean busy = new AtomicBoolean();
    final AtomicInteger replies = new AtomicInteger();
    volatile String wrong = "";

    @Override
    public boolean sendNow(ByteBuffer[] from, int first, int count) {
      if (!busy.compareAndSet(false, true)) {
        wrong = "two senders at once";
      }
      for (int i = first; i < first + count; i++) {
        var head = from[i];
        if (head.remaining() != 16 || head.getInt(0) != Wire.SIMPLE_REPLY_MAGIC) {
          wrong = "no reply: " + head;
        }
        head.position(head.limit());
        replies.incrementAndGet();
      }
      busy.set(false);
      return true;
    }

    @Override
    public int receive(ByteBuffer into, long timeoutMillis) {
      return -1;
    }

    @Override
    public boolean awaitWritable(long timeoutMillis) {
      return true;
    }

    @Override
    public void wake() {}

    @Override
    public void close() {}
  }

  @Test
  void repliesOfSeveralThreadsLeaveOneAfterTheOther() throws Exception {
    var transport = new Checking();
    var outbox = new Outbox(new MemoryDevice(1 << 20), false, transport, "test");
    Thread[] threads = new Thread[3];
    for (int t = 0; t < threads.length; t++) {
      threads[t] = Thread.ofPlatform().start(() -> answer(outbox));
    }
    for (var thread : threads) {
      thread.join();
    }
    outbox.awaitIdle(() -> false);
    assertThat(transport.wrong).isEmpty();
    assertThat(transport.replies).hasValue(threads.length * REPLIES);
  }

  /// So much is in the connection's memory while its client does not read.
  @Test
  void payloadOfOneConnectionIsBounded() {
    var outbox = new Outbox(new MemoryDevice(1 << 20), false, new Checking(), "test");

    assertThat(outbox.tryBegin(Outbox.PAYLOAD_BYTES_MAX - 4096)).isNotNull();
    assertThat(outbox.tryBegin(4097)).isNull();
    assertThat(outbox.tryBegin(4096)).isNotNull();
    assertThat(outbox.tryBegin(1)).isNull();
    assertThat(outbox.tryBegin(0)).as("without payload").isNotNull();
  }

  @Test
  void oneRequestMayBeLongerThanTheBoundWhenItIsAlone() {
    var outbox = new Outbox(new MemoryDevice(1 << 20), false, new Checking(), "test");

    var alone = outbox.tryBegin(2 * Outbox.PAYLOAD_BYTES_MAX);
    assertThat(alone).isNotNull();
    assertThat(outbox.tryBegin(1)).isNull();
    outbox.abandon(java.util.Objects.requireNonNull(alone));
    assertThat(outbox.tryBegin(1)).isNotNull();
  }

  private static void answer(Outbox outbox) {
    try {
      for (int i = 0; i < REPLIES; i++) {
        var request = outbox.begin(0);
        request.begin(Wire.CMD_WRITE, i, 0, 0);
        request.reply(NbdError.NONE);
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
