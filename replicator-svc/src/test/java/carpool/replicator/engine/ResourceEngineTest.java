package carpool.replicator.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.replicator.block.BlockDevice.DeviceGoneException;
import carpool.replicator.block.BlockDevice.Slot;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.offline.Provisioning;
import carpool.replicator.store.RecordingFile;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A resource without a peer, at its edges.
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ResourceEngineTest {
  @TempDir Path state;
  private final RecordingFile disk = new RecordingFile(16 << 20);
  private final TestHost host = new TestHost();
  private LoneEngine node;

  @BeforeEach
  void start() throws Exception {
    Provisioning.create(
        "r", disk.provider(), new Provisioning.Options(0, 0, 0, 0, Provisioning.Overwrite.NOTHING));
    node = LoneEngine.alone(host, disk, state);
    node.promote();
  }

  @AfterEach
  void stop() throws Exception {
    node.close();
    assertThat(host.stops).as("why the process would have ended").isEmpty();
  }

  /// A range would stay locked, or a client without its answer.
  @Test
  void defectOfAStepEndsTheProcess() {
    assertThatThrownBy(() ->
            node.engine.step(_ -> {
              throw new IllegalStateException("a defect");
            }))
        .hasMessage("a defect");
    assertThat(host.stops.poll()).contains("resource r").contains("a defect");
  }

  @Test
  void readThatTheDiskRefusesIsAnError() throws Exception {
    node.fill(0, (byte) 7);
    disk.makeUnreadable(node.dataOffset(), 4096);

    assertThat(node.startRead(0).get(10, TimeUnit.SECONDS)).isFalse();
  }

  @Test
  void writeThatTheDiskRefusesIsAnError() throws Exception {
    node.fill(0, (byte) 7); // its extent is marked
    disk.failWrites(1);
    var write = node.startWrite(0);
    node.engine.step(ReplicationCore::cutOff);

    assertThat(write.get(10, TimeUnit.SECONDS)).isFalse();
  }

  @Test
  void deviceThatHasEndedGivesNoSlots() throws Exception {
    node.device.release(node.device.acquire());
    node.device.end();

    assertThatThrownBy(node.device::acquire).isInstanceOf(DeviceGoneException.class);
    assertThatThrownBy(node.device::tryAcquire).isInstanceOf(DeviceGoneException.class);
    assertThatThrownBy(() -> node.device.tryAcquire(new Slot[2], 2))
        .isInstanceOf(DeviceGoneException.class);
  }
}
