package carpool.kit.loop;

/// A timer that was asked for.
@FunctionalInterface
public interface TimerToken {

  /// Takes the timer back. True when it had not fired: its event will not come. False when the
  /// event was delivered or is being delivered; cores therefore number their timers, too.
  boolean cancel();
}
