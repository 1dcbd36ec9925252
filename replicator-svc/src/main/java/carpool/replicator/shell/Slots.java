package carpool.replicator.shell;

import carpool.replicator.link.BlockConnection;
import carpool.replicator.nbd.BlockDevice.DeviceGoneException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Numbered buffers. A buffer is allocated when its slot is used first, so an idle resource costs
/// little; it is direct, and never given back.
final class Slots {
  /// Capacity of a buffer.
  static final int BYTES = BlockConnection.PAYLOAD_MAX_BYTES;

  private final RequestSlot[] all;
  private final ArrayBlockingQueue<RequestSlot> freeClient;
  private final ArrayBlockingQueue<RequestSlot> freePeer;

  Slots(int client, int sync, int peer) {
    all = new RequestSlot[client + sync + peer];
    freeClient = new ArrayBlockingQueue<>(client);
    freePeer = new ArrayBlockingQueue<>(peer);
    for (int i = 0; i < all.length; i++) {
      all[i] = new RequestSlot(i);
      if (i < client) {
        freeClient.add(all[i]);
      } else if (i >= client + sync) {
        freePeer.add(all[i]);
      }
    }
  }

  RequestSlot at(int number) {
    return all[number];
  }

  /// Waits for a free client slot, for as long as `served` says so.
  RequestSlot takeClient(java.util.function.BooleanSupplier served)
      throws DeviceGoneException, InterruptedException {
    var slot = freeClient.poll();
    while (slot == null) {
      if (!served.getAsBoolean()) {
        throw new DeviceGoneException("not served any more");
      }
      slot = freeClient.poll(200, TimeUnit.MILLISECONDS);
    }
    return slot;
  }

  /// A free client slot, or null.
  @Nullable RequestSlot pollClient() {
    return freeClient.poll();
  }

  void freeClient(RequestSlot slot) {
    slot.answer = null;
    slot.begun = false;
    freeClient.add(slot);
  }

  int takePeer() throws InterruptedException {
    return freePeer.take().number;
  }

  void freePeer(int number) {
    freePeer.add(all[number]);
  }

  int busyClients() {
    return freeClient.remainingCapacity();
  }
}
