package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.IO_ERROR;
import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.Effects.Notice;
import carpool.replicator.core.PromotionRule.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A disk says no: on one side, on the other, on both (R1, R6; hast.md W3, W4).
final class DiskFailureTest {
  @ParameterizedTest
  @EnumSource(ReplicationMode.class)
  void primaryWhoseDiskFailsGoesOnWithThePeersCopy(ReplicationMode mode) {
    var pair = CorePair.inStep(mode);
    pair.a.write(3, 30);
    pair.settle();
    pair.a.refusesWrites = true;

    int failing = pair.a.write(4, 40);
    pair.settle();
    int next = pair.a.write(5, 50);
    int flush = pair.a.flush();
    pair.settle();
    int read = pair.a.read(3);
    pair.settle();

    assertThat(pair.a.answers.get(failing)).isEqualTo(OK);
    assertThat(pair.a.answers.get(next)).isEqualTo(OK);
    assertThat(pair.a.answers.get(flush)).isEqualTo(OK);
    assertThat(pair.a.answers.get(read)).isEqualTo(OK);
    assertThat(pair.a.value(read)).isEqualTo(30);
    assertThat(pair.b.data[4]).isEqualTo(40);
    assertThat(pair.b.data[5]).isEqualTo(50);
    assertThat(pair.a.core().servesFromPeer()).isTrue();
    assertThat(pair.a.core().complete()).isFalse();
    assertThat(pair.b.core().complete()).isFalse();
  }

  @Test
  void nothingIsAnsweredBeforeThePeerDurablyKnowsThatItsCopyIsTheOnlyOne() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    long before = pair.b.core().identity().generation();
    pair.a.refusesWrites = true;
    int slot = pair.a.write(4, 40);
    while (!pair.b.core().identity().alone() && pair.step()) {
      assertThat(pair.a.answers).doesNotContainKey(slot);
    }
    pair.cut(); // the peer's record and its answer are still under way
    pair.settle();

    assertThat(pair.a.answers).doesNotContainKey(slot);
    assertThat(pair.a.core().fenced()).isTrue();
    assertThat(pair.a.core().identity().generation()).isEqualTo(before);
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.ALLOWED);
  }

  /// R3: the peer has the block, this disk refused it, and the client gets an error.
  @Test
  void writeThatOnlyThePeerCarriedOutIsKnownToDifferAfterTheCutOff() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.write(4, 39);
    pair.settle();
    pair.a.flush(); // or the block would count as different for that write's sake
    pair.settle();
    pair.b.holdRecords();
    pair.a.refusesWrites = true;
    int slot = pair.a.write(4, 40);
    pair.settle();
    assertThat(pair.a.answers).as("the peer has not recorded yet").doesNotContainKey(slot);

    pair.a.core().cutOff();
    pair.settle();
    pair.cut();
    pair.settle();

    assertThat(pair.a.answers.get(slot)).isEqualTo(IO_ERROR);
    assertThat(pair.b.data[4]).isEqualTo(40);
    assertThat(pair.a.data[4]).isNotEqualTo(40);
    assertThat(pair.a.core().mayDiffer(4L * CorePair.UNIT, CorePair.UNIT)).isTrue();
  }

  @Test
  void writeThatFailsOnTheSecondaryIsNotToldToBeDone() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.write(4, 40);
    pair.settle();
    assertThat(pair.b.toldWritten).isTrue();
    pair.b.refusesWrites = true;
    pair.a.write(4, 41);
    pair.settle();
    assertThat(pair.b.toldWritten).isFalse();
  }

  @Test
  void failedDiskThatComesBackIsATargetEvenIfItWasPrimary() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.refusesWrites = true;
    pair.a.write(4, 40);
    pair.settle();
    pair.a.kill();
    pair.b.kill();
    pair.a.refusesWrites = false;
    pair.a.start();
    pair.b.start();
    assertThat(pair.promote(pair.a)).isNotEqualTo(Verdict.ALLOWED);
    pair.connect();

    assertThat(pair.a.core().complete()).isTrue();
    assertThat(pair.a.data[4]).isEqualTo(40);
    assertThat(pair.equal()).isTrue();
  }

  @Test
  void failedFlushIsMadeGoodByThePeersDisk() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.write(4, 40);
    pair.settle();
    pair.a.refusesFlushes = true;
    int flush = pair.a.flush();
    pair.settle();

    assertThat(pair.a.answers.get(flush)).isEqualTo(OK);
    assertThat(pair.a.core().servesFromPeer()).isTrue();
  }

  @Test
  void primaryThatIsAloneStopsAnsweringWhenItsDiskFails() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.cut();
    pair.settle();
    pair.a.refusesWrites = true;
    int slot = pair.a.write(4, 40);
    int flush = pair.a.flush();
    pair.settle();

    assertThat(pair.a.answers).doesNotContainKeys(slot, flush);
    assertThat(pair.a.core().fenced()).isTrue();

    pair.a.core().setRole(9, Role.SECONDARY, false);
    pair.settle();
    assertThat(pair.a.answers.get(slot)).isEqualTo(IO_ERROR);
    assertThat(pair.a.answers.get(flush)).isEqualTo(IO_ERROR);
    assertThat(pair.a.core().role()).isEqualTo(Role.SECONDARY);
  }

  @Test
  void unreadableBlockIsReadFromThePeerAndWrittenAgain() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.write(7, 70);
    pair.settle();
    pair.a.unreadable.add(7);
    int read = pair.a.read(7);
    pair.settle();

    assertThat(pair.a.answers.get(read)).isEqualTo(OK);
    assertThat(pair.a.value(read)).isEqualTo(70);
    assertThat(pair.a.unreadable).isEmpty();
    assertThat(pair.a.notices).contains(Notice.REPAIRED);
    assertThat(pair.a.core().disk()).isEqualTo(DiskState.UP_TO_DATE);
  }

  @Test
  void blockUnreadableOnBothIsAnErrorOfThatReadAlone() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.a.unreadable.add(7);
    pair.b.unreadable.add(7);
    int bad = pair.a.read(7);
    int good = pair.a.read(8);
    pair.settle();

    assertThat(pair.a.answers.get(bad)).isEqualTo(IO_ERROR);
    assertThat(pair.a.answers.get(good)).isEqualTo(OK);
    assertThat(pair.a.core().fenced()).isFalse();
  }

  @ParameterizedTest
  @EnumSource(ReplicationMode.class)
  void readFromThePeerWaitsForWritesThatAreUnderWayThere(ReplicationMode mode) {
    var pair = CorePair.inStep(mode);
    pair.a.write(7, 70);
    pair.settle();
    pair.a.unreadable.add(8);
    int write = pair.a.write(8, 80);
    while (!pair.a.answers.containsKey(write)) {
      pair.step();
    }
    pair.a.unreadable.add(8);
    int read = pair.a.read(8);
    pair.settle();

    assertThat(pair.a.answers.get(read)).isEqualTo(OK);
    assertThat(pair.a.value(read)).isEqualTo(80);
  }

  @Test
  void secondaryWhoseDiskFailsLeavesThePrimaryAlone() {
    var pair = CorePair.inStep(ReplicationMode.FULLSYNC);
    pair.b.refusesWrites = true;
    int slot = pair.a.write(4, 40);
    pair.settle();

    assertThat(pair.a.answers.get(slot)).isEqualTo(OK);
    assertThat(pair.a.core().identity().alone()).isTrue();
    assertThat(pair.a.core().mayDiffer(4L * CorePair.UNIT, CorePair.UNIT)).isTrue();
    assertThat(pair.b.core().disk()).isEqualTo(DiskState.FAILED);
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.DISK_UNUSABLE);
  }
}
