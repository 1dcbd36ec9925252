package carpool.replicator.nbd;

import carpool.replicator.block.BlockDevice;
import carpool.replicator.block.BlockDevice.Slot;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// One request from its header to the last byte of its reply; reused. Belongs to the connection's
/// thread until it is handed to the device, then to whoever answers it, then to the [Outbox].
final class Request implements BlockDevice.Answer {
  private final Outbox outbox;

  /// The head of the reply, from position to limit.
  private final ByteBuffer head = ByteBuffer.allocateDirect(128);

  private int command;
  private long cookie;
  private long offset;
  private int length;

  /// What this request counts in the connection's limit of payload bytes.
  int heldBytes;

  private @Nullable Slot slot;
  private @Nullable Area area;
  private @Nullable ByteBuffer payload;

  Request(Outbox outbox) {
    this.outbox = outbox;
  }

  void begin(int newCommand, long newCookie, long newOffset, int newLength) {
    command = newCommand;
    cookie = newCookie;
    offset = newOffset;
    length = newLength;
  }

  /// The device's answer to a request of one slot.
  @Override
  public void done(Slot answered, boolean ok) {
    if (command == Wire.CMD_READ) {
      slot = answered;
      if (ok) {
        payload = answered.buffer().limit(length).position(0);
      }
    }
    reply(ok ? NbdError.NONE : NbdError.EIO);
  }

  /// Answers a READ whose payload was collected in `whole`.
  void replyFrom(Area whole) {
    area = whole;
    payload = whole.buffer().limit(length).position(0);
    reply(NbdError.NONE);
  }

  /// Answers a BLOCK_STATUS.
  ///
  /// @param extents pairs of length and flags, from position to limit
  void replyExtents(ByteBuffer extents) {
    payload = extents;
    chunk(Wire.CHUNK_BLOCK_STATUS, 4 + extents.remaining());
    head.putInt(0).flip();
    outbox.put(this);
  }

  /// Answers without payload, or with the one that was set.
  void reply(NbdError error) {
    if (error != NbdError.NONE && outbox.structured) {
      var text = error.text;
      chunk(Wire.CHUNK_ERROR, 6 + text.length());
      head.putInt(error.code).putShort((short) text.length());
      for (var i = 0; i < text.length(); i++) {
        head.put((byte) text.charAt(i));
      }
    } else if (command != Wire.CMD_READ || !outbox.structured) {
      head.clear().putInt(Wire.SIMPLE_REPLY_MAGIC).putInt(error.code).putLong(cookie);
    } else if (payload == null) {
      chunk(Wire.CHUNK_NONE, 0);
    } else {
      chunk(Wire.CHUNK_OFFSET_DATA, 8 + length);
      head.putLong(offset);
    }
    head.flip();
    outbox.put(this);
  }

  private void chunk(int type, int payloadBytes) {
    head.clear()
        .putInt(Wire.STRUCTURED_REPLY_MAGIC)
        .putShort((short) Wire.CHUNK_DONE)
        .putShort((short) type)
        .putLong(cookie)
        .putInt(payloadBytes);
  }

  /// Adds the reply's buffers to `to`.
  ///
  /// @return the index behind them
  int gather(ByteBuffer[] to, int from) {
    to[from] = head;
    if (payload == null) {
      return from + 1;
    }
    to[from + 1] = payload;
    return from + 2;
  }

  /// Moves the unsent payload out of the slot, which others may need while the client sleeps.
  ///
  /// @return the payload's new place; null when there was nothing to move
  @Nullable ByteBuffer spill() {
    if (slot == null || payload == null) {
      return null;
    }
    var to = new Area(Math.max(1, payload.remaining()));
    to.buffer().put(payload).flip();
    freeMemory();
    area = to;
    payload = to.buffer();
    return payload;
  }

  /// Gives up without a reply; the connection is about to end.
  void abandon() {
    outbox.abandon(this);
  }

  /// Gives back what the reply held.
  void freeMemory() {
    payload = null;
    if (slot != null) {
      outbox.device.release(slot);
      slot = null;
    }
    if (area != null) {
      area.close();
      area = null;
    }
  }
}
