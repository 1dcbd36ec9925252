package carpool.replicator.nbd;

import carpool.replicator.block.BlockDevice;
import carpool.replicator.block.WriteCoalescer;
import carpool.replicator.stream.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The requests of one connection and their replies.
///
/// Whoever answers a request sends its reply, and those that others answered meanwhile, in one
/// gathering write; nobody waits for a sender. When the socket takes no more, the answering thread
/// leaves the rest to a writer thread that this connection starts then. A client that takes nothing
/// for [#STALL_MILLIS] is *stalled*: its replies move out of the device's slots into memory of the
/// connection, and no request of it is read until it goes on. So it stalls only itself.
///
/// Bounds: [#REQUESTS_MAX] requests; [#PAYLOAD_BYTES_MAX] bytes of replies and long payloads, or
/// one request that alone is longer.
final class Outbox implements WriteCoalescer.Sender {
  /// Twice what the Linux kernel has in flight on one connection (nbd.md 16.4).
  static final int REQUESTS_MAX = 256;

  static final int PAYLOAD_BYTES_MAX = 32 << 20;
  private static final long STALL_MILLIS = 200;
  private static final int BATCH = 32;

  final BlockDevice device;
  final boolean structured;
  private final Transport transport;
  private final String threadName;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Condition writerNeeded = lock.newCondition();

  // Guarded by the lock.
  private final ArrayDeque<Request> free = new ArrayDeque<>(REQUESTS_MAX);
  private final ArrayDeque<Request> queue = new ArrayDeque<>(REQUESTS_MAX);
  private int inFlight;
  private long payloadBytes;
  private boolean sending;
  private boolean leftToWriter;
  private boolean stalled;
  private boolean dead;
  private @Nullable Thread writer;

  // Owned by whoever set `sending`; handed over under the lock.
  private final Request[] batch = new Request[BATCH];
  private final ByteBuffer[] buffers = new ByteBuffer[2 * BATCH];
  private int batchCount;
  private int first;
  private int end;

  Outbox(BlockDevice device, boolean structured, Transport transport, String threadName) {
    this.device = device;
    this.structured = structured;
    this.transport = transport;
    this.threadName = threadName;
    for (var i = 0; i < REQUESTS_MAX; i++) {
      free.add(new Request(this));
    }
  }

  // ----- requests: called by the connection's thread

  /// A request object for a request that holds `heldBytes` of payload until its reply is sent.
  ///
  /// @return null when the connection's bounds are reached
  @Nullable Request tryBegin(int heldBytes) {
    lock.lock();
    try {
      return mayBegin(heldBytes) ? take(heldBytes) : null;
    } finally {
      lock.unlock();
    }
  }

  /// As [#tryBegin], but waits.
  ///
  /// @throws IOException when the connection is dead
  Request begin(int heldBytes) throws IOException, InterruptedException {
    lock.lock();
    try {
      while (!mayBegin(heldBytes)) {
        if (dead) {
          throw new IOException("the connection is closed");
        }
        changed.await();
      }
      return take(heldBytes);
    } finally {
      lock.unlock();
    }
  }

  private boolean mayBegin(int heldBytes) {
    return !dead
        && !stalled
        && !free.isEmpty()
        && (payloadBytes == 0 || payloadBytes + heldBytes <= PAYLOAD_BYTES_MAX);
  }

  private Request take(int heldBytes) {
    var request = free.pop();
    request.heldBytes = heldBytes;
    payloadBytes += heldBytes;
    inFlight++;
    return request;
  }

  /// Gives up a request without a reply; the connection is about to end.
  void abandon(Request request) {
    request.freeMemory();
    lock.lock();
    try {
      recycle(request);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /// Waits until every request has its reply sent, or the connection is dead.
  ///
  /// @param stopped ends the waiting too; asked at least every 100 ms
  void awaitIdle(BooleanSupplier stopped) throws InterruptedException {
    lock.lock();
    try {
      while (inFlight > 0 && !dead && !stopped.getAsBoolean()) {
        changed.awaitNanos(100_000_000);
      }
    } finally {
      lock.unlock();
    }
  }

  // ----- replies: called by any thread

  /// Takes an answered request; its reply is on its way when this returns, or held by the calling
  /// thread's [WriteCoalescer].
  void put(Request request) {
    boolean dropped;
    lock.lock();
    try {
      dropped = dead;
      if (!dropped) {
        queue.add(request);
      }
    } finally {
      lock.unlock();
    }
    if (dropped) {
      abandon(request);
    } else if (!WriteCoalescer.holds(this)) {
      send();
    }
  }

  @Override
  public void send() {
    lock.lock();
    try {
      if (sending || queue.isEmpty() || dead) {
        return;
      }
      sending = true;
    } finally {
      lock.unlock();
    }
    sendAll(false);
  }

  private void sendAll(boolean mayWait) {
    try {
      while (first < end || nextBatch()) {
        if (!transport.sendNow(buffers, first, end - first)) {
          skipSent();
          if (!mayWait) {
            if (!leaveToWriter()) {
              dropBatch();
            }
            return;
          }
          awaitClient();
        } else {
          finishBatch();
        }
      }
    } catch (IOException _) {
      die();
      dropBatch();
    }
  }

  /// False when there is nothing: from the moment the lock is given back then, another thread may
  /// be sending, and the batch is that one's.
  private boolean nextBatch() {
    lock.lock();
    try {
      Request next;
      while (batchCount < BATCH && (next = queue.poll()) != null) {
        batch[batchCount++] = next;
      }
      if (batchCount == 0) {
        sending = false;
        return false;
      }
    } finally {
      lock.unlock();
    }
    for (var i = 0; i < batchCount; i++) {
      end = batch[i].gather(buffers, end);
    }
    return true;
  }

  private void skipSent() {
    while (first < end - 1 && !buffers[first].hasRemaining()) {
      first++;
    }
  }

  private void finishBatch() {
    for (var i = 0; i < batchCount; i++) {
      batch[i].freeMemory();
    }
    lock.lock();
    try {
      for (var i = 0; i < batchCount; i++) {
        recycle(batch[i]);
      }
      stalled = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    batchCount = 0;
    first = 0;
    end = 0;
  }

  private void recycle(Request request) {
    payloadBytes -= request.heldBytes;
    inFlight--;
    free.push(request);
  }

  // ----- the client does not read

  private boolean leaveToWriter() {
    lock.lock();
    try {
      if (dead) {
        return false;
      }
      leftToWriter = true;
      writerNeeded.signal();
      if (writer == null) {
        writer = Thread.ofPlatform().daemon().name(threadName + "-writer").start(this::write);
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  private void write() {
    while (true) {
      lock.lock();
      try {
        while (!leftToWriter) {
          if (dead) {
            return;
          }
          writerNeeded.awaitUninterruptibly();
        }
        leftToWriter = false;
      } finally {
        lock.unlock();
      }
      sendAll(true);
    }
  }

  private void awaitClient() throws IOException {
    if (transport.awaitWritable(STALL_MILLIS)) {
      return;
    }
    List<Request> waiting;
    lock.lock();
    try {
      stalled = true;
      waiting = new ArrayList<>(queue);
    } finally {
      lock.unlock();
    }
    // Only this thread takes from the queue, so these are ours to change.
    waiting.forEach(Request::spill);
    respillBatch();
  }

  private void respillBatch() {
    end = 0;
    first = 0;
    for (var i = 0; i < batchCount; i++) {
      batch[i].spill();
      end = batch[i].gather(buffers, end);
    }
    skipSent();
  }

  // ----- the end

  /// Ends the connection at once: the socket is closed, replies that are not sent are dropped.
  void die() {
    transport.close();
    List<Request> dropped;
    lock.lock();
    try {
      dead = true;
      dropped = new ArrayList<>(queue);
      queue.clear();
      changed.signalAll();
      writerNeeded.signalAll();
    } finally {
      lock.unlock();
    }
    dropped.forEach(this::abandon);
  }

  private void dropBatch() {
    for (var i = 0; i < batchCount; i++) {
      abandon(batch[i]);
    }
    batchCount = 0;
    first = 0;
    end = 0;
    lock.lock();
    try {
      sending = false;
    } finally {
      lock.unlock();
    }
  }
}
