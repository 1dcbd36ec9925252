package carpool.replicator.peer.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import carpool.replicator.core.BlockSet;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Hello;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Leave;
import carpool.replicator.core.Role;
import com.google.protobuf.ByteString;
import java.io.IOException;
import java.util.List;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class ProtoMapperTest {
  @Test
  void helloComesBackAsItWas() throws IOException {
    var different = new BlockSet(100_000);
    different.addRange(3, 9);
    different.add(70_000);
    var hello =
        new Hello(
            "hast1",
            Role.PRIMARY,
            4711,
            true,
            DiskState.CONSISTENT,
            new Identity(-5, 1, 2, -7, true, List.of(9L, 0L)),
            100_000L << 16,
            77,
            true,
            different);

    var back =
        ProtoMapper.hello(
            ProtoMapper.hello(hello, carpool.peer.v1.Hello.newBuilder()), hello.dataSizeBytes());

    assertEquals(hello.toString(), back.toString());
  }

  @Test
  void rolesAndDisksComeBackAsTheyWere() {
    for (var role : Role.values()) {
      assertEquals(role, ProtoMapper.role(ProtoMapper.role(role)));
    }
    for (var disk : DiskState.values()) {
      assertEquals(disk, ProtoMapper.disk(ProtoMapper.disk(disk)));
    }
  }

  /// What a newer peer says that this version does not know must not make a copy count as good, or
  /// hold a primary up.
  @Test
  void whatIsNotKnownCountsAsNothing() {
    assertEquals(
        DiskState.DISKLESS,
        ProtoMapper.disk(carpool.replicator.v1.DiskState.DISK_STATE_UNSPECIFIED));
    assertEquals(
        DiskState.DISKLESS, ProtoMapper.disk(carpool.replicator.v1.DiskState.UNRECOGNIZED));
    assertEquals(Role.INIT, ProtoMapper.role(carpool.replicator.v1.Role.UNRECOGNIZED));
    assertEquals(Leave.UNREACHABLE, ProtoMapper.leave(carpool.peer.v1.Leave.LEAVE_UNSPECIFIED));
    assertEquals(Leave.UNREACHABLE, ProtoMapper.leave(carpool.peer.v1.Leave.UNRECOGNIZED));
    for (var leave : Leave.values()) {
      assertEquals(leave, ProtoMapper.leave(ProtoMapper.leave(leave)));
    }
  }

  /// Every second block differs: too many runs for a message.
  @Test
  void setThatIsToldCoarserLosesNoBlock() throws IOException {
    long size = 4 << 20;
    var set = new BlockSet(size);
    for (long block = 0; block < size / 2; block += 2) {
      set.add(block);
    }
    set.addRange(size - 5, size);
    var told = ProtoMapper.blocks(set);
    assertTrue(told.size() <= ProtoMapper.RUNS_MAX_BYTES, "bytes: " + told.size());

    var heard = ProtoMapper.blocks(told, size);
    for (long block = set.next(0); block >= 0; block = set.next(block + 1)) {
      assertTrue(heard.contains(block), "block " + block);
    }
  }

  @Test
  void setBeyondTheDeviceIsRefused() {
    var set = new BlockSet(100);
    set.add(50);

    assertThrows(IOException.class, () -> ProtoMapper.blocks(ProtoMapper.blocks(set), 50));
  }

  @Test
  void randomBytesAreASetOrRefused() {
    var random = RandomGeneratorFactory.of("L64X128MixRandom").create(3);
    for (int i = 0; i < 100_000; i++) {
      var bytes = new byte[random.nextInt(30)];
      random.nextBytes(bytes);
      assertEquals(true, setOrRefusal(ByteString.copyFrom(bytes)));
    }
  }

  private static boolean setOrRefusal(ByteString bytes) {
    try {
      return ProtoMapper.blocks(bytes, 1000).count() <= 1000;
    } catch (IOException refused) {
      return true;
    }
  }
}
