package carpool.replicator.link;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Identity;
import carpool.replicator.core.PeerMessage;
import carpool.replicator.core.Role;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class MessageCodecTest {
  private static final List<PeerMessage> ALL =
      List.of(
          new PeerMessage.StateChanged(Role.PRIMARY, DiskState.UP_TO_DATE),
          new PeerMessage.PromotionRequest(),
          new PeerMessage.PromotionAnswer(true),
          new PeerMessage.PromotionAnswer(false),
          new PeerMessage.MapTaken(),
          new PeerMessage.SyncStart(),
          new PeerMessage.SyncReady(),
          new PeerMessage.InStep(
              new Identity(-1, 2, 3, 4, true, List.of(5L, 6L, 7L, 8L, 9L, 10L, 11L, 12L))),
          new PeerMessage.InStepDone(),
          new PeerMessage.DiskFailed(),
          new PeerMessage.SoleCopyTaken());

  @Test
  void everyMessageComesBackAsItWas() throws ProtocolException {
    for (var message : ALL) {
      assertEquals(message, MessageCodec.decode(MessageCodec.encode(message)));
    }
  }

  @Test
  void cutAndPaddedMessagesAreRefused() {
    for (var message : ALL) {
      var bytes = MessageCodec.encode(message);
      for (int length = 0; length < bytes.limit(); length++) {
        var cut = bytes.slice(0, length);
        assertThrows(ProtocolException.class, () -> MessageCodec.decode(cut));
      }
      var padded = ByteBuffer.allocate(bytes.limit() + 1).put(bytes.duplicate()).rewind();
      assertThrows(ProtocolException.class, () -> MessageCodec.decode(padded));
    }
  }

  /// The count of the history is a signed byte, before generations of 8 bytes each.
  @Test
  void historyOfAnyOtherLengthIsRefused() {
    var identity = new Identity(1, 2, 3, 4, false, List.of());
    var none = MessageCodec.encode(new PeerMessage.InStep(identity));
    for (int count = Byte.MIN_VALUE; count <= Byte.MAX_VALUE; count++) {
      if (count < 0 || count > Identity.HISTORY_MAX) {
        var bytes = ByteBuffer.allocate(none.limit() + 8 * Math.max(0, count));
        bytes.put(none.duplicate()).put(none.limit() - 1, (byte) count).rewind();
        assertThrows(
            ProtocolException.class, () -> MessageCodec.decode(bytes), "a history of " + count);
      }
    }
  }

  @Test
  void randomBytesAreAMessageOrRefused() {
    var random = RandomGeneratorFactory.of("L64X128MixRandom").create(42);
    for (int i = 0; i < 200_000; i++) {
      var bytes = new byte[random.nextInt(120)];
      random.nextBytes(bytes);
      if (bytes.length > 0) {
        bytes[0] = (byte) random.nextInt(10);
      }
      try {
        MessageCodec.decode(ByteBuffer.wrap(bytes));
      } catch (ProtocolException refused) {
        assertEquals(ProtocolException.class, refused.getClass());
      }
    }
  }
}
