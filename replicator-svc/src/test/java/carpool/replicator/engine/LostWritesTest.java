package carpool.replicator.engine;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.Role;
import carpool.replicator.offline.Provisioning;
import carpool.replicator.store.RecordingFile;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The system tells one thread, once, that writes were lost. Whichever that is, nobody goes on with
/// the copy.
class LostWritesTest {
  @TempDir Path state;
  private final RecordingFile disk = new RecordingFile(64 << 20);

  private LoneEngine attach() throws Exception {
    return new LoneEngine(AttachedProvider.open("r", disk.provider(), new FailedCopies(state)));
  }

  private void create() throws Exception {
    Provisioning.create(
        "r", disk.provider(), new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.NOTHING));
  }

  /// A new copy is primary and written, and so many of its flushes fail.
  private void loseWrites(int failingFlushes) throws Exception {
    create();
    try (var engine = attach()) {
      engine.promote();
      engine.write(0);
      disk.failFlushes(failingFlushes);
      var flush = engine.flush();
      awaitFailed(engine);
      engine.engine.step(ReplicationCore::cutOff);
      assertThat(flush.get(10, TimeUnit.SECONDS)).isFalse();
    }
  }

  @Test
  void errorThatTheTimeOfTheLastWriteMeetsIsTheErrorOfTheNextFlush() throws Exception {
    create();
    try (var engine = attach()) {
      engine.promote();
      engine.write(0);
      long recorded = System.currentTimeMillis();
      while (System.currentTimeMillis() == recorded) {
        Thread.onSpinWait();
      }
      engine.write(4096);
      disk.failFlushes(1); // once, as Linux does
      engine.engine.recordTimesNow();
      awaitFailed(engine);
      var flush = engine.flush();

      assertThat(engine.engine.ask(ReplicationCore::fenced)).isTrue();
      engine.engine.step(ReplicationCore::cutOff);
      assertThat(flush.get(10, TimeUnit.SECONDS)).isFalse();
    }
    try (var again = attach()) {
      assertThat(again.role(Role.PRIMARY, false)).isEqualTo(Verdict.COPY_INCONSISTENT);
    }
    try (var again = attach()) { // and the restart after that
      assertThat(again.role(Role.PRIMARY, false)).isEqualTo(Verdict.COPY_INCONSISTENT);
      assertThat(again.role(Role.PRIMARY, true)).isEqualTo(Verdict.ALLOWED);
    }
    try (var again = attach()) { // the operator has decided
      assertThat(again.role(Role.PRIMARY, false)).isEqualTo(Verdict.ALLOWED);
    }
  }

  /// What can be read of it may be in the page cache only: it is compared with nothing before every
  /// block came from the peer.
  @Test
  void copyThatLostWritesSaysSoWhateverIsRecordedBeforeItIsWhole() throws Exception {
    loseWrites(1);
    try (var copy = AttachedProvider.open("r", disk.provider(), new FailedCopies(state))) {
      var now = copy.metadata();
      copy.writeMetadata(
          Role.SECONDARY, DiskState.INCONSISTENT, now.identity(), now.times()); // as a target does
    }

    try (var copy = AttachedProvider.open("r", disk.provider(), new FailedCopies(state))) {
      assertThat(copy.readable()).isFalse();
      var now = copy.metadata();
      copy.writeMetadata(Role.SECONDARY, DiskState.UP_TO_DATE, now.identity(), now.times());
    }
    try (var copy = AttachedProvider.open("r", disk.provider(), new FailedCopies(state))) {
      assertThat(copy.readable()).isTrue();
    }
  }

  /// Which blocks were lost is not known. Served by force, the copy passes for good again: what the
  /// peer's copy may differ in has to be on the disk by then, or it is never copied.
  @Test
  void everyExtentStaysMarkedWhenTheCopyIsServedByForce() throws Exception {
    loseWrites(1);
    try (var again = attach()) {
      assertThat(again.role(Role.PRIMARY, true)).isEqualTo(Verdict.ALLOWED);
    }

    try (var copy = AttachedProvider.open("r", disk.provider(), new FailedCopies(state))) {
      assertThat(copy.foundDisk()).isEqualTo(DiskState.UP_TO_DATE);
      assertThat(copy.readMap().size()).isEqualTo(copy.metadata().extentCount());
      assertThat(copy.readMap().count()).isEqualTo(copy.metadata().extentCount());
    }
  }

  @Test
  void errorThatAClientsFlushMeetsIsDurableToo() throws Exception {
    loseWrites(1);
    try (var again = attach()) {
      assertThat(again.role(Role.PRIMARY, false)).isEqualTo(Verdict.COPY_INCONSISTENT);
    }
  }

  /// The mark that the failed disk refused can be read again from the page cache. The note that
  /// stands in for it goes only when the mark is durable.
  @Test
  void noteIsKeptUntilTheMarkIsDurable() throws Exception {
    loseWrites(Integer.MAX_VALUE);
    disk.recover();
    attach().close();

    for (var crash : disk.crashes(RecordingFile.SECTOR_BYTES)) {
      if (crash.when().startsWith("after " + disk.log().size())) {
        var copy = AttachedProvider.open("r", crash.disk().provider(), new FailedCopies(state));
        assertThat(copy.foundDisk()).as(crash.when()).isEqualTo(DiskState.INCONSISTENT);
        copy.close();
      }
    }
  }

  private void awaitFailed(LoneEngine engine) throws Exception {
    var end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
    while (engine.engine.ask(ReplicationCore::disk) != DiskState.FAILED) {
      assertThat(System.nanoTime()).isLessThan(end);
      new CountDownLatch(1).await(5, TimeUnit.MILLISECONDS);
    }
  }
}
