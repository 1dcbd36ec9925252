package carpool.orchestrator.core;

import carpool.orchestrator.core.ClientSight.Evidence;

/// From samples of a client network (does a host beyond it answer, is anything received) to what is
/// known of it. What counts is a run of samples: a process that did not run for a while has taken
/// none, and must not take its own absence for silence. Not thread-safe; time is the caller's.
public final class SightTrack {
  private static final long SECOND = 1_000_000_000L;

  /// A sign of life not older than this says that the network is well. Less than the silence that
  /// says the opposite, so that two nodes whose network dies at the same moment cannot each take
  /// the other's for well.
  static final long WELL = 5 * SECOND;

  private static final long TARGET_SILENCE = 10 * SECOND;
  private static final int TARGET_MISSES = 5;

  /// A quiet network is no dead one; the peer sends an advertisement a second.
  static final long TRAFFIC_SILENCE = 20 * SECOND;

  private static final int TRAFFIC_MISSES = 10;

  /// Between two samples of one run.
  private static final long GAP_MAX = 5 * SECOND;

  private final boolean trusted;
  private boolean sampled;
  private long sampledNanos;
  private boolean asked;
  private boolean everAnswered;
  private long answeredNanos;
  private int unanswered;
  private long packets = -1;
  private long receivedNanos;
  private int quiet;

  /// @param trusted the hosts that are asked were named by an operator, so their silence counts
  ///   from the start; one that was only guessed must have answered once
  public SightTrack(boolean trusted) {
    this.trusted = trusted;
  }

  /// One sample.
  ///
  /// @param asked a host was asked
  /// @param answered one of them answered
  /// @param packets received on the interface so far; -1: not known
  public void sampled(long now, boolean asked, boolean answered, long packets) {
    if (!sampled || now - sampledNanos > GAP_MAX) {
      answeredNanos = now;
      receivedNanos = now;
      unanswered = 0;
      quiet = 0;
    }
    sampled = true;
    sampledNanos = now;
    this.asked = asked;
    if (answered) {
      everAnswered = true;
      answeredNanos = now;
      unanswered = 0;
    } else if (asked) {
      unanswered++;
    }
    if (packets != this.packets) {
      receivedNanos = now;
      quiet = 0;
    } else {
      quiet++;
    }
    this.packets = packets;
  }

  /// What the signs of life are, as far as there are any.
  public Evidence evidence() {
    if (asked && (trusted || everAnswered)) {
      return Evidence.TARGET;
    }
    return packets >= 0 ? Evidence.TRAFFIC : Evidence.NONE;
  }

  /// Since the last sign of life, or since this run of samples began.
  public long silentNanos(long now) {
    return switch (evidence()) {
      case TARGET -> now - answeredNanos;
      case TRAFFIC -> now - receivedNanos;
      case NONE -> 0;
    };
  }

  /// The silence is no passing loss.
  public boolean cut(long now) {
    return switch (evidence()) {
      case TARGET -> unanswered >= TARGET_MISSES && silentNanos(now) >= TARGET_SILENCE;
      case TRAFFIC -> quiet >= TRAFFIC_MISSES && silentNanos(now) >= TRAFFIC_SILENCE;
      case NONE -> false;
    };
  }
}
