package carpool.replicator.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.replicator.block.BlockDevice.Allocation;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.offline.Provisioning;
import carpool.replicator.store.LocalProvider;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is told of holes while the local disk is not what is read.
class AllocationTest {
  @TempDir Path directory;

  @Test
  void failedDiskHasNoHoles() throws Exception {
    var path = directory.resolve("disk");
    try (var file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(64 << 20);
    }
    try (var provider = LocalProvider.attach(path)) {
      Provisioning.create(
          "r", provider, new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.NOTHING));
    }
    var attachment = AttachedProvider.open("r", path, new FailedCopies(directory));
    try (var engine = new LoneEngine(attachment)) {
      engine.promote();
      var good = engine.device.allocation(1 << 20, 1 << 20);
      assumeTrue(good.hole(), "this file system does not report holes");
      engine.engine.step(ReplicationCore::localDiskFailed);

      assertThat(engine.device.allocation(1 << 20, 1 << 20))
          .isEqualTo(new Allocation(1 << 20, false));
    }
  }
}
