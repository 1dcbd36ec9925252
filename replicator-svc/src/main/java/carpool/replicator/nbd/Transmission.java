package carpool.replicator.nbd;

import carpool.replicator.block.BlockDevice;
import carpool.replicator.block.BlockDevice.DeviceGoneException;
import carpool.replicator.block.BlockDevice.Slot;
import carpool.replicator.block.WriteCoalescer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The transmission phase of one connection: requests are read and handed to the device on the
/// connection's own thread (NBD proto.md "Transmission"; nbd.md 7). Nothing is allocated per
/// request unless its payload is longer than a slot.
final class Transmission {
  /// Longest payload, in slots, that is received straight into slots: 2 MiB.
  private static final int DIRECT_PIECES_MAX = 16;

  private final BlockDevice device;
  private final boolean structured;
  private final boolean blockStatus;
  private final Inbox inbox;
  private final Outbox outbox;
  private final BooleanSupplier draining;
  private final WriteCoalescer batch;
  private final Slot[] pieces = new Slot[DIRECT_PIECES_MAX];

  /// @param batch open, of the calling thread
  /// @param draining true when no further request is to be received
  Transmission(
      Haggling.Agreed agreed,
      Inbox inbox,
      Outbox outbox,
      BooleanSupplier draining,
      WriteCoalescer batch) {
    this.device = agreed.device();
    this.structured = agreed.structured();
    this.blockStatus = agreed.blockStatus();
    this.inbox = inbox;
    this.outbox = outbox;
    this.draining = draining;
    this.batch = batch;
  }

  /// Serves requests until the client says DISC, the export is drained or the device is gone.
  ///
  /// @throws IOException when the stream ended otherwise or is out of step
  void run() throws IOException, InterruptedException {
    var goOn = true;
    while (goOn) {
      if (inbox.buffered() < Wire.REQUEST_BYTES) {
        batch.sendHeld();
        if (!inbox.await(Wire.REQUEST_BYTES, draining)) {
          return;
        }
      }
      goOn = serveOne(inbox.bytes());
    }
  }

  private boolean serveOne(ByteBuffer head) throws IOException, InterruptedException {
    if (head.getInt() != Wire.REQUEST_MAGIC) {
      throw new IOException("a request does not begin with the magic number");
    }
    var flags = head.getShort() & 0xffff;
    var command = head.getShort() & 0xffff;
    var cookie = head.getLong();
    var offset = head.getLong();
    var length = head.getInt() & 0xffff_ffffL;
    if (command == Wire.CMD_DISC) {
      return false;
    }
    var error = judge(command, flags, offset, length);
    if (error != NbdError.NONE || (length == 0 && command != Wire.CMD_FLUSH)) {
      answerWithoutDevice(command, cookie, offset, length, error);
      return true;
    }
    var request = begin(command, length);
    request.begin(command, cookie, offset, (int) length);
    var payload = command == Wire.CMD_WRITE ? length : 0;
    batch.expectMore(inbox.buffered() >= payload + Wire.REQUEST_BYTES);
    try {
      dispatch(request, command, flags, offset, length);
      return true;
    } catch (DeviceGoneException _) {
      return false;
    }
  }

  private NbdError judge(int command, int flags, long offset, long length) throws IOException {
    if (command == Wire.CMD_WRITE && length > Wire.PAYLOAD_DRAINED_MAX) {
      throw new IOException("a payload of " + length + " bytes is abuse");
    }
    if (command == Wire.CMD_BLOCK_STATUS && !blockStatus) {
      return NbdError.EINVAL;
    }
    return RequestRule.check(command, flags, offset, length, device, structured);
  }

  private void answerWithoutDevice(
      int command, long cookie, long offset, long length, NbdError error)
      throws IOException, InterruptedException {
    if (command == Wire.CMD_WRITE && length > 0) {
      batch.sendHeld();
      inbox.skip(length);
    }
    var request = begin(command, 0);
    request.begin(command, cookie, offset, 0);
    request.reply(error);
  }

  private void dispatch(Request request, int command, int flags, long offset, long length)
      throws IOException, InterruptedException, DeviceGoneException {
    var forced = (flags & Wire.FLAG_FUA) != 0;
    switch (command) {
      case Wire.CMD_READ -> read(request, offset, (int) length);
      case Wire.CMD_WRITE -> write(request, offset, (int) length, forced);
      case Wire.CMD_FLUSH -> device.flush(takeAlone(request), request);
      case Wire.CMD_TRIM -> device.zero(takeAlone(request), offset, length, true, forced, request);
      case Wire.CMD_WRITE_ZEROES -> {
        var mayPunch = (flags & Wire.FLAG_NO_HOLE) == 0;
        device.zero(takeAlone(request), offset, length, mayPunch, forced, request);
      }
      case Wire.CMD_BLOCK_STATUS -> {
        batch.sendHeld();
        var one = (flags & Wire.FLAG_REQ_ONE) != 0;
        request.replyExtents(Extents.of(device, offset, length, one));
      }
      // CACHE is a hint, and the page cache needs none.
      default -> request.reply(NbdError.NONE);
    }
  }

  private void read(Request request, long offset, int length)
      throws InterruptedException, DeviceGoneException {
    if (length > device.slotBytes()) {
      new LongTransfer(request, this::take, device, new Area(length), length).read(offset);
    } else {
      device.read(takeFor(request), offset, length, request);
    }
  }

  private void write(Request request, long offset, int length, boolean forced)
      throws IOException, InterruptedException, DeviceGoneException {
    if (inbox.buffered() < length) {
      batch.sendHeld();
    }
    if (length > device.slotBytes()) {
      if (takePieces(request, length)) {
        fillPieces(request, length);
        new LongTransfer(request, this::take, device, null, length).write(pieces, offset, forced);
        return;
      }
      var area = collect(request, length);
      new LongTransfer(request, this::take, device, area, length).write(offset, forced);
      return;
    }
    var slot = takeFor(request);
    var complete = false;
    try {
      inbox.fill(slot.buffer().clear().limit(length));
      complete = true;
    } finally {
      if (!complete) {
        device.release(slot);
        outbox.abandon(request);
      }
    }
    slot.buffer().position(0);
    device.write(slot, offset, length, forced, request);
  }

  private boolean takePieces(Request request, int length) throws DeviceGoneException {
    var count = LongTransfer.partCount(length, device);
    var asked = false;
    try {
      var taken = count <= DIRECT_PIECES_MAX && device.tryAcquire(pieces, count);
      asked = true;
      return taken;
    } finally {
      if (!asked) {
        outbox.abandon(request);
      }
    }
  }

  private void fillPieces(Request request, int length) throws IOException {
    var count = LongTransfer.partCount(length, device);
    var complete = false;
    try {
      for (var i = 0; i < count; i++) {
        var now = Math.min(device.slotBytes(), length - i * device.slotBytes());
        inbox.fill(pieces[i].buffer().clear().limit(now));
      }
      complete = true;
    } finally {
      device.filled(count);
      if (!complete) {
        for (var i = 0; i < count; i++) {
          device.release(pieces[i]);
        }
        outbox.abandon(request);
      }
    }
  }

  private Area collect(Request request, int length) throws IOException {
    var area = new Area(length);
    var complete = false;
    try {
      inbox.fill(area.buffer());
      complete = true;
      return area;
    } finally {
      if (!complete) {
        area.close();
        outbox.abandon(request);
      }
    }
  }

  /// For what may take long: nothing is held back meanwhile.
  private Slot takeAlone(Request request) throws InterruptedException, DeviceGoneException {
    batch.sendHeld();
    return takeFor(request);
  }

  private Slot takeFor(Request request) throws InterruptedException, DeviceGoneException {
    var taken = false;
    try {
      var slot = take();
      taken = true;
      return slot;
    } finally {
      if (!taken) {
        outbox.abandon(request);
      }
    }
  }

  private Slot take() throws InterruptedException, DeviceGoneException {
    var slot = device.tryAcquire();
    if (slot == null) {
      batch.sendHeld();
      slot = device.acquire();
    }
    return slot;
  }

  private Request begin(int command, long length) throws IOException, InterruptedException {
    var held =
        command == Wire.CMD_READ || (command == Wire.CMD_WRITE && length > device.slotBytes())
            ? (int) length
            : 0;
    @Nullable Request request = outbox.tryBegin(held);
    if (request == null) {
      batch.sendHeld();
      request = outbox.begin(held);
    }
    return request;
  }
}
