package carpool.replicator.core;

/// How fast a synchronisation or verification may go: a limit in bytes a second (a token bucket
/// filled by the time that the core is told of), and fewer chunks in flight while clients are at
/// work, so that a client's request waits behind little.
final class SyncPace {
  /// Chunks in flight while clients are active.
  private static final int SHARED_WINDOW = 2;

  /// Clients count as active for so long after their last request.
  private static final long ACTIVE_MICROS = 500_000;

  /// Time that is not used is not saved up for longer than this.
  private static final long SAVED_MICROS = 250_000;

  /// Longer gaps between two reports of time count as this.
  private static final long ELAPSED_MAX_MICROS = 1_000_000;

  private long configured = Long.MAX_VALUE;
  private long ordered;
  private long tokens;
  private long activeMicros;

  /// The configured limit.
  ///
  /// @param bytesPerSecond at least 1; `Long.MAX_VALUE` is no limit
  void configure(long bytesPerSecond) {
    configured = bytesPerSecond;
  }

  /// A limit for the run under way.
  ///
  /// @param bytesPerSecond 0 takes it back, `Long.MAX_VALUE` is no limit
  void order(long bytesPerSecond) {
    ordered = bytesPerSecond;
    tokens = Math.min(tokens, savedMax());
  }

  /// The limit in force, bytes a second; `Long.MAX_VALUE` when there is none.
  long limit() {
    return ordered == 0 ? configured : ordered;
  }

  private boolean limited() {
    return limit() != Long.MAX_VALUE;
  }

  private long savedMax() {
    return limited() ? bytesIn(SAVED_MICROS) : 0;
  }

  private long bytesIn(long micros) {
    return (long) ((double) limit() * micros / 1_000_000);
  }

  /// So much time has passed.
  void elapsed(long micros) {
    long counted = Math.min(micros, ELAPSED_MAX_MICROS);
    activeMicros = Math.max(0, activeMicros - counted);
    if (limited()) {
      // Whoever is told of the time rarely may still use all of it.
      tokens = Math.min(tokens + bytesIn(counted), Math.max(savedMax(), bytesIn(counted)));
    }
  }

  /// A client asked for something.
  void clientActive() {
    activeMicros = ACTIVE_MICROS;
  }

  /// True when clients were active a short time ago.
  boolean shared() {
    return activeMicros > 0;
  }

  /// True when another chunk may start beside `inFlight` of at most `slots`.
  boolean allows(int inFlight, int slots) {
    return inFlight < (shared() ? Math.min(SHARED_WINDOW, slots) : slots)
        && (!limited() || tokens > 0);
  }

  /// Bytes were read, or are about to go over the link. The last chunk may overdraw.
  void spend(long bytes) {
    if (limited()) {
      tokens -= bytes;
    }
  }
}
