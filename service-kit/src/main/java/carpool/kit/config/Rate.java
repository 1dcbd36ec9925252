package carpool.kit.config;

/// An upper bound on bytes per second; [#UNLIMITED] is no bound.
public record Rate(long bytesPerSecond) {

  /// No bound.
  public static final Rate UNLIMITED = new Rate(Long.MAX_VALUE);

  /// True when there is no bound.
  public boolean isUnlimited() {
    return bytesPerSecond == Long.MAX_VALUE;
  }

  @Override
  public String toString() {
    return isUnlimited() ? "unlimited" : bytesPerSecond + "B/s";
  }
}
