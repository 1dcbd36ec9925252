package carpool.replicator.block;

/// Answers given by one thread while this is open go to the clients together: one system call for
/// many. Whoever takes several answers from one place (the link that received several
/// acknowledgements at once) opens a batch around them:
///
/// ```
/// try (var batch = WriteCoalescer.open()) {
///   …                    // done(), done(), done()
/// }
/// ```
///
/// Nothing is held longer than 32 replies or 50 µs after the first one, as seen at the next answer;
/// so nothing slow may happen inside without [#sendHeld]. Belongs to its thread; may be nested.
///
/// Frames for the peer node are held in the same way.
public final class WriteCoalescer implements AutoCloseable {
  /// Something that gathers what is to be sent, and sends it in one go.
  public interface Sender {
    /// Sends what is queued, unless another thread is at it and will see it.
    void send();

    /// The clock that says how long something is held; as `System.nanoTime`.
    default long nanoTime() {
      return System.nanoTime();
    }
  }

  private static final int REPLIES_MAX = 32;
  private static final long HELD_NANOS_MAX = 50_000;
  private static final ThreadLocal<WriteCoalescer> OF_THREAD =
      ThreadLocal.withInitial(WriteCoalescer::new);

  private final Sender[] held = new Sender[8];
  private int heldCount;
  private int replies;
  private long sinceNanos;
  private int depth;
  private boolean moreComes;

  private WriteCoalescer() {}

  /// The calling thread's batch, open.
  public static WriteCoalescer open() {
    var batch = OF_THREAD.get();
    batch.depth++;
    return batch;
  }

  /// Notes that `sender` has something to send.
  ///
  /// @return false when this thread has no open batch: the caller sends
  public static boolean holds(Sender sender) {
    return OF_THREAD.get().hold(sender);
  }

  /// As [#holds], for what must not wait for the request at hand: only when another request is
  /// already here and will be begun at once.
  public static boolean holdsForMore(Sender sender) {
    var batch = OF_THREAD.get();
    return batch.moreComes && batch.hold(sender);
  }

  /// Sends what the calling thread holds: it is about to wait.
  public static void sendHeldHere() {
    OF_THREAD.get().sendHeld();
  }

  /// Says whether another request is here already.
  public void expectMore(boolean more) {
    moreComes = more;
  }

  private boolean hold(Sender outbox) {
    if (depth == 0) {
      return false;
    }
    var now = outbox.nanoTime();
    if (replies == 0) {
      sinceNanos = now;
    }
    replies++;
    note(outbox);
    if (replies >= REPLIES_MAX || now - sinceNanos > HELD_NANOS_MAX) {
      sendHeld();
    }
    return true;
  }

  @SuppressWarnings("ReferenceEquality") // The very same one.
  private void note(Sender outbox) {
    for (var i = 0; i < heldCount; i++) {
      if (held[i] == outbox) {
        return;
      }
    }
    if (heldCount == held.length) {
      sendHeld();
    }
    held[heldCount++] = outbox;
  }

  /// Sends what is held.
  public void sendHeld() {
    var count = heldCount;
    heldCount = 0;
    replies = 0;
    for (var i = 0; i < count; i++) {
      held[i].send();
    }
  }

  @Override
  public void close() {
    if (--depth == 0) {
      moreComes = false;
      sendHeld();
    }
  }
}
