package carpool.replicator.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.replicator.store.ProviderException.Reason;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// One handle for all threads: never used after it is closed, and the first lost write is lost for
/// everybody (fsync(2): the system says so once).
class ProviderHandleTest {
  private static final int FILE_BYTES = 1 << 20;

  @TempDir Path directory;

  private static ByteBuffer some(int bytes) {
    return ByteBuffer.allocateDirect(bytes);
  }

  private static void refused(ThrowingCallable change, Reason reason) {
    assertThatThrownBy(change)
        .isInstanceOfSatisfying(
            ProviderException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @Test
  void afterAFailedFlushNothingIsWrittenOrFlushedAnyMore() throws Exception {
    var disk = new RecordingFile(1 << 20);
    var provider = disk.provider();
    disk.failFlushes(1);
    provider.write(some(512), 0);

    refused(provider::flush, Reason.IO_ERROR);
    refused(provider::flush, Reason.FAILED_BEFORE);
    refused(() -> provider.write(some(512), 0), Reason.FAILED_BEFORE);
    refused(() -> provider.zero(0, 512, false), Reason.FAILED_BEFORE);
    refused(() -> provider.zero(0, 512, true), Reason.FAILED_BEFORE);
    assertThat(provider.hasFailed()).isTrue();
    assertThat(disk.log())
        .as("the failed flush and what came after it")
        .containsExactly("write 0+512");
    provider.read(some(512), 0);
  }

  /// A hole needs no write, but what is on a failed disk is not known any more.
  @Test
  void afterAFailedFlushEvenAHoleIsNotTrimmed() throws Exception {
    assumeTrue(LinuxCalls.usable(), "only Linux has calls of its own");
    var calls = new FakeCalls();
    calls.fdatasync = call -> -Errno.EIO;
    var provider = over(calls);
    assumeTrue(provider.run(0, FILE_BYTES).hole(), "this file system does not report holes");

    refused(provider::flush, Reason.IO_ERROR);
    refused(() -> provider.zero(0, 4096, true), Reason.FAILED_BEFORE);
  }

  /// Linux tells of lost pages once, and to whoever asks first: what ran beside that one may have
  /// lost its own.
  @Test
  void changeBesideAFlushThatFailsFailsToo() throws Exception {
    assumeTrue(LinuxCalls.usable(), "only Linux has calls of its own");
    for (boolean zero : new boolean[] {true, false}) {
      var calls = new FakeCalls();
      var inside = new CountDownLatch(1);
      var go = new CountDownLatch(1);
      calls.pwrite =
          length -> {
            inside.countDown();
            awaitQuietly(go);
            return length;
          };
      calls.fallocate =
          call -> {
            inside.countDown();
            awaitQuietly(go);
            return 0;
          };
      calls.fdatasync = call -> -Errno.EIO;
      var provider = over(calls);
      var change =
          outcome(zero ? () -> provider.zero(0, 4096, false) : () -> provider.write(some(512), 0));
      assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();

      refused(provider::flush, Reason.IO_ERROR);
      go.countDown();
      assertThat(change.get(10, TimeUnit.SECONDS)).isEqualTo(Reason.FAILED_BEFORE.name());
    }
  }

  @Test
  void flushBesideAWriteThatFailsFailsToo() throws Exception {
    var disk = new RecordingFile(1 << 20);
    var provider = disk.provider();
    var inside = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    disk.onFlush(() -> {
      inside.countDown();
      awaitQuietly(go);
    });
    disk.failWrites(1);
    var flush = flushing(provider);
    assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();

    refused(() -> provider.write(some(512), 0), Reason.IO_ERROR);
    go.countDown();
    assertThat(flush.get(10, TimeUnit.SECONDS)).isEqualTo(Reason.FAILED_BEFORE.name());
  }

  private LocalProvider over(FakeCalls calls) throws Exception {
    var path = Files.createTempFile(directory, "disk", "");
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(FILE_BYTES);
    }
    return LocalProvider.over(path, LinuxFile.open(calls, path, false, true));
  }

  @Test
  void failedWriteOrZeroingCountsLikeAFailedFlush() throws Exception {
    for (boolean zero : new boolean[] {true, false}) {
      var disk = new RecordingFile(1 << 20);
      var provider = disk.provider();
      disk.failWrites(1);

      refused(
          zero ? () -> provider.zero(0, 512, false) : () -> provider.write(some(512), 0),
          Reason.IO_ERROR);
      refused(provider::flush, Reason.FAILED_BEFORE);
    }
  }

  @Test
  void failureIsToldOnceByTheThreadThatMetItAndMayBeNoted() throws Exception {
    var disk = new RecordingFile(1 << 20);
    var provider = disk.provider();
    var told = new ArrayList<String>();
    provider.whenFailed(e -> {
      told.add(Thread.currentThread().getName() + ": " + e.getMessage());
      try {
        provider.writeLast(some(512), 512);
      } catch (ProviderException impossible) {
        throw new AssertionError(impossible);
      }
    });
    disk.failFlushes(1);
    refused(provider::flush, Reason.IO_ERROR);
    refused(provider::flush, Reason.FAILED_BEFORE);

    assertThat(told).containsExactly(Thread.currentThread().getName() + ": flush fails on demand");
    assertThat(disk.log()).containsExactly("write 512+512", "flush");
  }

  @Test
  void flushBesideTheOneThatFailsFailsToo() throws Exception {
    var disk = new RecordingFile(1 << 20);
    var provider = disk.provider();
    var inside = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    disk.failFlushes(1); // as Linux: one of the two is told
    disk.onFlush(() -> {
      inside.countDown();
      awaitQuietly(go);
    });
    var first = flushing(provider);
    assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();
    var second = flushing(provider);
    go.countDown();

    assertThat(List.of(first.get(10, TimeUnit.SECONDS), second.get(10, TimeUnit.SECONDS)))
        .containsExactlyInAnyOrder(Reason.IO_ERROR.name(), Reason.FAILED_BEFORE.name());
  }

  private static FutureTask<String> flushing(LocalProvider provider) {
    return outcome(provider::flush);
  }

  private static FutureTask<String> outcome(Change change) {
    var task =
        new FutureTask<String>(() -> {
          try {
            change.make();
            return "done";
          } catch (ProviderException e) {
            return e.reason().name();
          }
        });
    new Thread(task).start();
    return task;
  }

  /// A write, zeroing or flush.
  private interface Change {
    void make() throws ProviderException;
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void descriptorIsClosedWhenTheLastOneIsOutAndNotUsedAfterwards() throws Exception {
    assumeTrue(LinuxCalls.usable(), "only Linux has calls of its own");
    var path = Files.write(directory.resolve("disk"), new byte[4096]);
    var calls = new FakeCalls();
    var inside = new CountDownLatch(1);
    var go = new CountDownLatch(1);
    calls.fdatasync =
        call -> {
          inside.countDown();
          awaitQuietly(go);
          return 0;
        };
    var provider = LocalProvider.over(path, LinuxFile.open(calls, path, false, true));
    var flush = flushing(provider);
    assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();
    provider.close();
    provider.close();

    refused(() -> provider.read(some(512), 0), Reason.CLOSED);
    refused(() -> provider.write(some(512), 0), Reason.CLOSED);
    refused(provider::flush, Reason.CLOSED);
    refused(() -> provider.run(0, 512), Reason.CLOSED);
    refused(() -> provider.holeBytes(0, 512), Reason.CLOSED);
    assertThat(calls.made()).containsExactly("fdatasync");
    go.countDown();
    assertThat(flush.get(10, TimeUnit.SECONDS)).isEqualTo("done");
    assertThat(calls.made()).containsExactly("fdatasync", "close");
    assertThat(provider.hasFailed()).isFalse();
  }
}
