package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.PromotionRule.Verdict;
import org.junit.jupiter.api.Test;

/// The disk of a primary fails, and the peer's copy is the only one; and a copy that an operator
/// forces into service.
final class SoleCopyTest {
  private static CorePair quiet(ReplicationMode mode) {
    var pair = CorePair.inStep(mode);
    pair.a.write(3, 30);
    pair.settle();
    pair.a.flush();
    pair.settle();
    return pair;
  }

  /// After a failed write-back Linux goes on showing pages that are not on the disk (fsync(2)).
  @Test
  void readThatAFailedDiskStillAnswersComesFromThePeer() {
    var pair = quiet(ReplicationMode.FULLSYNC);
    pair.a.hang();
    int write = pair.a.write(9, 90);
    int read = pair.a.read(3);
    pair.a.refusesWrites = true;
    pair.a.data[3] = 666;
    pair.a.unhangOne(); // the write, which is refused
    pair.settle();
    assertThat(pair.a.core().disk()).isEqualTo(DiskState.FAILED);

    pair.a.unhang();
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    assertThat(pair.a.answers.get(read)).isEqualTo(OK);
    assertThat(pair.a.value(read)).isEqualTo(30);
  }

  /// Memsync: a write that was answered is on the peer's disk before the peer says that it has the
  /// only copy.
  @Test
  void onlyCopyIsConfirmedWhenWhatWasReceivedIsOnItsDisk() {
    var pair = quiet(ReplicationMode.MEMSYNC);
    pair.b.hang();
    int received = pair.a.write(4, 40);
    pair.settle();
    assertThat(pair.a.answers.get(received)).isEqualTo(OK);
    pair.b.hangsOnlyWhatItHas();
    pair.a.refusesWrites = true;
    int write = pair.a.write(5, 50);
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKey(write);

    pair.b.unhang();
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    assertThat(pair.b.data[4]).isEqualTo(40);
  }

  /// The flush failed here: it is answered by the peer's disk, when that is durably the only one.
  @Test
  void flushThatFailedHereIsNotDoneBeforeThePeerHasRecordedThat() {
    var pair = quiet(ReplicationMode.FULLSYNC);
    pair.a.write(4, 40);
    pair.settle();
    pair.b.holdRecords();
    pair.a.refusesFlushes = true;
    int flush = pair.a.flush();
    pair.settle();
    assertThat(pair.a.answers).doesNotContainKey(flush);

    pair.b.releaseRecords();
    pair.settle();
    assertThat(pair.a.answers.get(flush)).isEqualTo(OK);
  }

  /// Even if the peer falls before it has recorded that it has the only copy.
  @Test
  void copyWhoseDiskFailedIsRecordedAsNoGoodOne() {
    var pair = quiet(ReplicationMode.FULLSYNC);
    pair.b.holdRecords();
    pair.a.write(4, 40);
    pair.settle();
    pair.a.refusesFlushes = true;
    pair.a.flush();
    pair.settle();

    assertThat(pair.a.core().disk()).isEqualTo(DiskState.FAILED);
    assertThat(pair.a.storedDisk()).isEqualTo(DiskState.INCONSISTENT);
  }

  /// Nobody knows what the other copy has.
  @Test
  void copyThatIsForcedIntoServiceDiffersEverywhere() {
    var pair = quiet(ReplicationMode.FULLSYNC);
    pair.a.kill();
    pair.b.kill();
    pair.b.start();
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.CURRENCY_UNKNOWN);

    assertThat(pair.force(pair.b)).isEqualTo(Verdict.ALLOWED);

    assertThat(pair.b.core().differentBytes()).isEqualTo(CorePair.UNITS * CorePair.UNIT);
  }

  /// The record of the generation before it counts for that one only.
  @Test
  void writeWaitsForTheRecordOfItsOwnGeneration() {
    var pair = quiet(ReplicationMode.FULLSYNC);
    pair.b.holdRecords();
    pair.a.refusesFlushes = true;
    pair.a.flush(); // its disk fails: the peer begins a generation
    pair.settle();
    pair.a.kill();
    pair.settle();
    pair.losesQuestions = true;
    for (boolean force : new boolean[] {false, true}) { // by force it begins another one
      pair.b.core().setRole(77, Role.PRIMARY, force);
      pair.settle();
      pair.b.core().leaveAnswered(pair.b.asked, Leave.NEWER);
      pair.settle();
    }
    pair.b.hang();
    pair.b.releaseRecords();
    pair.b.unhangOne();
    pair.settle();
    assertThat(pair.b.stored().alone()).isTrue();
    assertThat(pair.b.stored().generation()).isNotEqualTo(pair.b.core().identity().generation());
    pair.b.hangsOnlyWhatItHas();
    int write = pair.b.write(3, 33);
    pair.settle();
    assertThat(pair.b.data[3]).isEqualTo(33);
    assertThat(pair.b.answers).doesNotContainKey(write);

    pair.b.unhang();
    pair.settle();
    assertThat(pair.b.answers.get(write)).isEqualTo(OK);
  }
}
