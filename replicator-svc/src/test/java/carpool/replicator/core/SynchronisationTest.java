package carpool.replicator.core;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.Effects.Notice;
import org.junit.jupiter.api.Test;

class SynchronisationTest {
  private static final int BLOCK_BYTES = 64 << 10;
  private static final int BLOCK_UNITS = BLOCK_BYTES / CorePair.UNIT;

  private static CorePair written() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    for (int unit = 0; unit < CorePair.UNITS; unit += 3) {
      pair.a.write(unit, unit + 1);
      pair.settle();
    }
    return pair;
  }

  @Test
  void equalBlocksAreComparedAndNotSent() {
    var pair = written();

    assertThat(pair.a.core().orderSync(true, 0)).isEqualTo(SyncVerdict.ALLOWED);
    pair.settle();

    assertThat(pair.a.core().syncProgress().wireBytes()).isZero();
    assertThat(pair.a.core().complete()).isTrue();
  }

  @Test
  void onlyTheBlockThatDiffersIsSent() {
    var pair = written();
    pair.b.data[BLOCK_UNITS + 2] = 999;

    pair.a.core().orderSync(true, 0);
    pair.settle();

    assertThat(pair.a.core().syncProgress().wireBytes()).isEqualTo(BLOCK_BYTES);
    assertThat(pair.equal()).isTrue();
    assertThat(pair.a.core().complete()).isTrue();
  }

  @Test
  void verificationMarksWhatDiffersAndLeavesItUntilSomebodySaysWhichCopyIsRight() {
    var pair = written();
    pair.b.data[1] = 999;
    pair.b.data[3 * BLOCK_UNITS] = 0;

    pair.a.core().orderVerify(false);
    pair.settle();

    assertThat(pair.a.notices).contains(Notice.VERIFY_DONE);
    assertThat(pair.a.core().syncProgress().foundBytes()).isEqualTo(2 * BLOCK_BYTES);
    assertThat(pair.a.core().differentBytes()).isEqualTo(2 * BLOCK_BYTES);
    assertThat(pair.a.core().complete()).isFalse();
    assertThat(pair.equal()).isFalse();
    assertThat(pair.a.core().orderSync(false, 0)).isEqualTo(SyncVerdict.UNJUDGED);
    pair.settle();
    assertThat(pair.equal()).isFalse();
    pair.a.core().orderVerify(true);
    pair.settle();
    assertThat(pair.equal()).isTrue();
    assertThat(pair.a.core().complete()).isTrue();
  }

  @Test
  void verificationWithRepairEndsEqual() {
    var pair = written();
    pair.b.data[40] = 999;

    pair.a.core().orderVerify(true);
    pair.settle();

    assertThat(pair.equal()).isTrue();
    assertThat(pair.a.core().differentBytes()).isZero();
    assertThat(pair.a.core().syncProgress().foundBytes()).isEqualTo(BLOCK_BYTES);
  }

  /// What was found survives the crash of the node that found it, in the activemap.
  @Test
  void markedDifferencesAreCopiedAfterTheNextMeeting() {
    var pair = written();
    pair.b.data[40] = 999;
    pair.a.core().orderVerify(false);
    pair.settle();

    pair.a.kill();
    pair.settle();
    pair.a.start();
    pair.connect();
    pair.promote(pair.a);
    pair.settle();

    assertThat(pair.equal()).isTrue();
    assertThat(pair.a.core().complete()).isTrue();
  }

  @Test
  void newPrimaryLearnsWhatTheOldOneFound() {
    var pair = written();
    pair.b.data[40] = 999;
    pair.a.core().orderVerify(false);
    pair.settle();

    pair.a.core().setRole(7, Role.SECONDARY, false);
    pair.settle();
    pair.promote(pair.b);
    pair.settle();
    assertThat(pair.a.core().phase()).as("ended so that the hellos tell it").isEqualTo(Phase.APART);
    pair.connect();

    assertThat(pair.equal()).isTrue();
    assertThat(pair.b.core().complete()).isTrue();
  }

  @Test
  void ordersAreRefusedWhereTheyDoNotBelong() {
    var pair = written();

    assertThat(pair.b.core().orderVerify(false)).isEqualTo(SyncVerdict.NOT_PRIMARY);
    assertThat(pair.b.core().orderSync(true, 0)).isEqualTo(SyncVerdict.NOT_PRIMARY);
    pair.cut();
    pair.settle();
    assertThat(pair.a.core().orderVerify(false)).isEqualTo(SyncVerdict.NOT_CONNECTED);
    assertThat(pair.a.core().orderSync(true, 0)).isEqualTo(SyncVerdict.NOT_CONNECTED);
  }

  @Test
  void pausedSynchronisationSendsNothingUntilItGoesOn() {
    var pair = written();
    pair.b.data[40] = 999;
    pair.a.core().pauseSync(true);

    pair.a.core().orderVerify(true);
    pair.settle();
    assertThat(pair.equal()).isFalse();
    pair.a.core().pauseSync(false);
    pair.settle();

    assertThat(pair.equal()).isTrue();
  }
}
