package carpool.replicator.peer.session;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.kit.boot.Host;
import carpool.kit.config.Rate;
import carpool.kit.config.ReplicatorSettings;
import carpool.kit.config.ReplicatorSettings.SplitBrainPolicy;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// What counts as a silent peer, and what it owes.
final class TimeoutsTest {
  private static PeerTimeouts timeouts(int keepalive, int deadAfter, int timeout) {
    return PeerTimeouts.of(
        new ReplicatorSettings(
            0,
            Duration.ofSeconds(keepalive),
            Duration.ofSeconds(deadAfter),
            Duration.ofSeconds(1),
            new Rate(0),
            SplitBrainPolicy.NONE),
        Duration.ofSeconds(timeout));
  }

  @Test
  void shorterOfDeadAfterAndTimeoutCounts() {
    assertThat(timeouts(1, 6, 20).deadNanos()).isEqualTo(TimeUnit.SECONDS.toNanos(6));
    assertThat(timeouts(1, 6, 3).deadNanos()).isEqualTo(TimeUnit.SECONDS.toNanos(3));
  }

  @Test
  void twoSignsOfLifeMayBeLost() {
    assertThat(timeouts(1, 6, 20).idleNanos()).isEqualTo(TimeUnit.SECONDS.toNanos(1));
    assertThat(timeouts(5, 6, 20).idleNanos()).isEqualTo(TimeUnit.SECONDS.toNanos(2));
  }

  @Test
  void silenceBeforeThisProcessWokeIsNotHeard() {
    long second = TimeUnit.SECONDS.toNanos(1);
    var detector = new PauseDetector(0);
    detector.look(second / 4);
    detector.look(second / 2);
    assertThat(detector.heard(10 * second)).isEqualTo(second / 2);
    assertThat(detector.heard(second / 4)).isEqualTo(second / 4);

    detector.look(10 * second); // it slept
    assertThat(detector.heard(10 * second)).isZero();
    detector.look(10 * second + second / 4);
    assertThat(detector.heard(10 * second)).isEqualTo(second / 4);
  }

  @Test
  void oldestRequestIsToldWhicheverSlotItHas() {
    var owed = new OutstandingRequests(Host.REAL, 4);
    long later = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    assertThat(owed.oldestNanos(later)).isZero();
    owed.ask(1);
    assertThat(owed.oldestNanos(later)).isPositive();
    owed.ask(2);
    assertThat(owed.answered(2)).isNotZero();
    assertThat(owed.oldestNanos(later)).isPositive();
    assertThat(owed.answered(1)).isNotZero();
    assertThat(owed.oldestNanos(later)).isZero();
  }

  @Test
  void flushIsOwedUntilItsOwnAnswer() {
    var owed = new OutstandingRequests(Host.REAL, 1);
    long later = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    owed.askFlush(2);
    owed.flushAnswered(1);
    assertThat(owed.oldestNanos(later)).isPositive();
    owed.flushAnswered(2);
    assertThat(owed.oldestNanos(later)).isZero();
  }
}
