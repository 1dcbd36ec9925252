package carpool.replicator.nbd;

/// Answers given by one thread while this is open go to the clients together: one system call for
/// many. Whoever takes several answers from one place (the link that received several
/// acknowledgements at once) opens a batch around them:
///
/// ```
/// try (var batch = ReplyBatch.open()) {
///   …                    // done(), done(), done()
/// }
/// ```
///
/// Nothing is held longer than 32 replies or 50 µs after the first one, as seen at the next answer;
/// so nothing slow may happen inside without [#sendHeld]. Belongs to its thread; may be nested.
public final class ReplyBatch implements AutoCloseable {
  private static final int REPLIES_MAX = 32;
  private static final long HELD_NANOS_MAX = 50_000;
  private static final ThreadLocal<ReplyBatch> OF_THREAD = ThreadLocal.withInitial(ReplyBatch::new);

  private final Outbox[] held = new Outbox[8];
  private int heldCount;
  private int replies;
  private long sinceNanos;
  private int depth;

  private ReplyBatch() {}

  /// The calling thread's batch, open.
  public static ReplyBatch open() {
    var batch = OF_THREAD.get();
    batch.depth++;
    return batch;
  }

  /// Notes that `outbox` has something to send.
  ///
  /// @return false when this thread has no open batch: the caller sends
  static boolean holds(Outbox outbox) {
    return OF_THREAD.get().hold(outbox);
  }

  private boolean hold(Outbox outbox) {
    if (depth == 0) {
      return false;
    }
    var now = System.nanoTime();
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

  private void note(Outbox outbox) {
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
      sendHeld();
    }
  }
}
