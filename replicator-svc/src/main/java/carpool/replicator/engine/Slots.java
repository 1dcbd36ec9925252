package carpool.replicator.engine;

import carpool.kit.boot.Host;
import carpool.replicator.block.BlockDevice.DeviceGoneException;
import carpool.replicator.core.Geometry;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// Numbered buffers. A buffer is allocated when its slot is used first, so an idle resource costs
/// little; it is direct, and never given back.
public final class Slots {
  /// Capacity of a buffer.
  public static final int BYTES = Geometry.CHUNK_MAX_BYTES;

  private final RequestSlot[] all;
  private final FreeSlots freeClient;
  private final FreeSlots freePeer;

  /// What long payloads that are still coming may hold together.
  private final Semaphore filling;

  /// @param client slots of clients
  /// @param longPayloads how many of them may wait for the rest of a long payload at a time
  Slots(Host host, int client, int longPayloads, int sync, int peer) {
    all = new RequestSlot[client + sync + peer];
    freeClient = new FreeSlots(client);
    freePeer = new FreeSlots(peer);
    filling = new Semaphore(longPayloads);
    for (int i = all.length - 1; i >= 0; i--) {
      all[i] = new RequestSlot(host, i);
      if (i < client) {
        freeClient.add(all[i]);
      } else if (i >= client + sync) {
        freePeer.add(all[i]);
      }
    }
  }

  public RequestSlot at(int number) {
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
      slot = freeClient.poll(200);
    }
    return slot;
  }

  /// A free client slot, or null.
  @Nullable RequestSlot pollClient() {
    return freeClient.poll();
  }

  /// Takes `count` client slots for one long payload, if they are free and not too many are already
  /// waiting for theirs: clients that stop in the middle of a payload must leave enough to others.
  /// [#filled] follows when the payload is here, or will never be.
  boolean pollClients(Object[] into, int count) {
    if (!filling.tryAcquire(count)) {
      return false;
    }
    if (!freeClient.poll(into, count)) {
      filling.release(count);
      return false;
    }
    return true;
  }

  /// The payload for these slots waits no more.
  void filled(int count) {
    filling.release(count);
  }

  void freeClient(RequestSlot slot) {
    slot.answer = null;
    slot.begun = false;
    freeClient.add(slot);
  }

  /// The number of a free peer slot, or -1.
  public int pollPeer() {
    var slot = freePeer.poll();
    return slot == null ? -1 : slot.number;
  }

  public int takePeer() throws InterruptedException {
    return freePeer.take().number;
  }

  public void freePeer(int number) {
    freePeer.add(all[number]);
  }
}
