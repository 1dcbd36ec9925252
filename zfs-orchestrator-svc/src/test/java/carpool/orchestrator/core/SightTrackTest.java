package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.orchestrator.core.ClientSight.Evidence;
import org.junit.jupiter.api.Test;

final class SightTrackTest {
  private long now = 1_000 * Bench.SECOND;

  private void sample(SightTrack track, int seconds, boolean asked, boolean answered, long step) {
    for (int second = 0; second < seconds; second++) {
      now += Bench.SECOND;
      packets += step;
      track.sampled(now, asked, answered, packets);
    }
  }

  private long packets;

  @Test
  void aHostThatAnOperatorNamedCountsFromTheStart() {
    var track = new SightTrack(true);
    sample(track, 10, true, false, 0);
    assertThat(track.cut(now)).isFalse();
    sample(track, 1, true, false, 0);

    assertThat(track.evidence()).isEqualTo(Evidence.TARGET);
    assertThat(track.cut(now)).isTrue();
  }

  @Test
  void aGatewayThatNeverAnsweredIsNoEvidence() {
    var track = new SightTrack(false);
    sample(track, 60, true, false, 1);
    assertThat(track.evidence()).isEqualTo(Evidence.TRAFFIC);
    assertThat(track.cut(now)).isFalse();

    sample(track, 1, true, true, 1);
    sample(track, 12, true, false, 1);
    assertThat(track.evidence()).isEqualTo(Evidence.TARGET);
    assertThat(track.cut(now)).isTrue();
    sample(track, 1, true, true, 1);
    assertThat(track.cut(now)).isFalse();
  }

  @Test
  void nothingReceivedForTwentySecondsIsACutAndAPacketEndsIt() {
    var track = new SightTrack(false);
    sample(track, 5, false, false, 1);
    sample(track, 19, false, false, 0);
    assertThat(track.cut(now)).isFalse();
    sample(track, 1, false, false, 0);
    assertThat(track.cut(now)).isTrue();
    sample(track, 1, false, false, 1);
    assertThat(track.cut(now)).isFalse();
  }

  @Test
  void aProcessThatStoodStillTakesItsOwnAbsenceForNothing() {
    var track = new SightTrack(true);
    sample(track, 3, true, true, 0);
    now += 60 * Bench.SECOND;
    sample(track, 1, true, false, 0);

    assertThat(track.silentNanos(now)).isZero();
    assertThat(track.cut(now)).isFalse();
  }

  @Test
  void withoutHostAndCounterNothingIsKnown() {
    var track = new SightTrack(false);
    track.sampled(now, false, false, -1);

    assertThat(track.evidence()).isEqualTo(Evidence.NONE);
    assertThat(track.cut(now)).isFalse();
  }
}
