package carpool.replicator.core;

/// What the local copy is worth. Stored in the metadata (docs/on-disk-format.md), so the codes are
/// fixed.
public enum DiskState {
  /// No usable provider or metadata.
  DISKLESS(1),
  /// Target of an unfinished synchronisation: a mixture of old and new, must not be served (R4).
  INCONSISTENT(2),
  /// Consistent, but the peer is known to have gone on without it.
  OUTDATED(3),
  /// Consistent, of unknown age: what a node finds on its disk after a crash or a restart.
  CONSISTENT(4),
  /// As new as it can be: in step, or in step when the link broke, or gone on alone.
  UP_TO_DATE(5),
  /// Detached after I/O errors.
  FAILED(6);

  private final int code;

  DiskState(int code) {
    this.code = code;
  }

  /// The stored number.
  public int code() {
    return code;
  }

  /// The state with a stored number.
  ///
  /// @throws IllegalArgumentException for a number that is none of the codes
  public static DiskState ofCode(long code) {
    for (var state : values()) {
      if (state.code == code) {
        return state;
      }
    }
    throw new IllegalArgumentException("disk state " + code);
  }

  /// True for copies that may be read by a client at all.
  public boolean servable() {
    return switch (this) {
      case OUTDATED, CONSISTENT, UP_TO_DATE -> true;
      case DISKLESS, INCONSISTENT, FAILED -> false;
    };
  }
}
