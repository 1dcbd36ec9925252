package carpool.replicator.peer.rpc;

import carpool.peer.v1.Hello;
import carpool.replicator.core.BlockSet;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Leave;
import carpool.replicator.core.Role;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/// Between core values and generated messages, both ways.
public final class ProtoMapper {
  /// Half of what a gRPC message may have.
  static final int RUNS_MAX_BYTES = 2 << 20;

  private static final long BLOCK_BYTES = 64 << 10;

  private ProtoMapper() {}

  /// A role for the wire.
  public static carpool.replicator.v1.Role role(Role role) {
    return switch (role) {
      case INIT -> carpool.replicator.v1.Role.ROLE_INIT;
      case PRIMARY -> carpool.replicator.v1.Role.ROLE_PRIMARY;
      case SECONDARY -> carpool.replicator.v1.Role.ROLE_SECONDARY;
    };
  }

  /// A role from the wire; anything unknown is init, with which nobody replicates.
  public static Role role(carpool.replicator.v1.Role role) {
    return switch (role) {
      case ROLE_PRIMARY -> Role.PRIMARY;
      case ROLE_SECONDARY -> Role.SECONDARY;
      case ROLE_INIT, ROLE_UNSPECIFIED, UNRECOGNIZED -> Role.INIT;
    };
  }

  /// A disk state for the wire.
  public static carpool.replicator.v1.DiskState disk(DiskState disk) {
    return switch (disk) {
      case DISKLESS -> carpool.replicator.v1.DiskState.DISK_STATE_DISKLESS;
      case INCONSISTENT -> carpool.replicator.v1.DiskState.DISK_STATE_INCONSISTENT;
      case OUTDATED -> carpool.replicator.v1.DiskState.DISK_STATE_OUTDATED;
      case CONSISTENT -> carpool.replicator.v1.DiskState.DISK_STATE_CONSISTENT;
      case UP_TO_DATE -> carpool.replicator.v1.DiskState.DISK_STATE_UP_TO_DATE;
      case FAILED -> carpool.replicator.v1.DiskState.DISK_STATE_FAILED;
    };
  }

  /// A disk state from the wire; anything unknown is a disk that cannot be used.
  public static DiskState disk(carpool.replicator.v1.DiskState disk) {
    return switch (disk) {
      case DISK_STATE_INCONSISTENT -> DiskState.INCONSISTENT;
      case DISK_STATE_OUTDATED -> DiskState.OUTDATED;
      case DISK_STATE_CONSISTENT -> DiskState.CONSISTENT;
      case DISK_STATE_UP_TO_DATE -> DiskState.UP_TO_DATE;
      case DISK_STATE_FAILED -> DiskState.FAILED;
      case DISK_STATE_DISKLESS, DISK_STATE_UNSPECIFIED, UNRECOGNIZED -> DiskState.DISKLESS;
    };
  }

  /// An answer for the wire.
  public static carpool.peer.v1.Leave leave(Leave leave) {
    return switch (leave) {
      case GRANTED -> carpool.peer.v1.Leave.LEAVE_GRANTED;
      case NEWER -> carpool.peer.v1.Leave.LEAVE_NEWER;
      case PRIMARY -> carpool.peer.v1.Leave.LEAVE_PRIMARY;
      case UNRELATED -> carpool.peer.v1.Leave.LEAVE_UNRELATED;
      case UNREACHABLE -> carpool.peer.v1.Leave.LEAVE_UNSPECIFIED;
    };
  }

  /// An answer from the wire; one that is not known is none.
  public static Leave leave(carpool.peer.v1.Leave leave) {
    return switch (leave) {
      case LEAVE_GRANTED -> Leave.GRANTED;
      case LEAVE_NEWER -> Leave.NEWER;
      case LEAVE_PRIMARY -> Leave.PRIMARY;
      case LEAVE_UNRELATED -> Leave.UNRELATED;
      case LEAVE_UNSPECIFIED, UNRECOGNIZED -> Leave.UNREACHABLE;
    };
  }

  /// An identity for the wire.
  public static carpool.replicator.v1.Identity identity(Identity identity) {
    return carpool.replicator.v1.Identity.newBuilder()
        .setResuid(identity.resuid())
        .setLocalcnt(identity.localcnt())
        .setRemotecnt(identity.remotecnt())
        .setGeneration(identity.generation())
        .setBaseGeneration(
            identity.alone() && !identity.history().isEmpty() ? identity.history().getFirst() : 0)
        .setAlone(identity.alone())
        .addAllHistory(identity.history())
        .build();
  }

  /// An identity from the wire.
  public static Identity identity(carpool.replicator.v1.Identity identity) {
    return new Identity(
        identity.getResuid(),
        identity.getLocalcnt(),
        identity.getRemotecnt(),
        identity.getGeneration(),
        identity.getAlone(),
        identity.getHistoryList());
  }

  /// What the core says to the peer, completed by `base` with what only the engine knows.
  public static Hello hello(carpool.replicator.core.Hello hello, Hello.Builder base) {
    return base.setNode(hello.nodeName())
        .setRole(role(hello.role()))
        .setPrimarySeconds(hello.primaryTicks())
        .setWasPrimary(hello.wasPrimary())
        .setDisk(disk(hello.disk()))
        .setIdentity(identity(hello.identity()))
        .setDataSizeBytes(hello.dataSizeBytes())
        .setProposedResuid(hello.proposedResuid())
        .setYields(hello.yields())
        .setDifferent(blocks(hello.different()))
        .build();
  }

  /// What the peer says, for the core.
  ///
  /// @param dataSizeBytes size of the local device; blocks beyond it are refused. Of a peer with
  ///   another size, with which there will be no session, the set is not read: its size says how
  ///   much memory that takes
  /// @throws IOException when the set of blocks is malformed
  public static carpool.replicator.core.Hello hello(Hello hello, long dataSizeBytes)
      throws IOException {
    boolean sameSize = hello.getDataSizeBytes() == dataSizeBytes;
    long blockCount = (dataSizeBytes - 1) / BLOCK_BYTES + 1;
    return new carpool.replicator.core.Hello(
        hello.getNode(),
        role(hello.getRole()),
        hello.getPrimarySeconds(),
        hello.getWasPrimary(),
        disk(hello.getDisk()),
        identity(hello.getIdentity()),
        hello.getDataSizeBytes(),
        hello.getProposedResuid(),
        hello.getYields(),
        blocks(sameSize ? hello.getDifferent() : ByteString.EMPTY, blockCount));
  }

  /// Runs of blocks: for each the gap since the end of the last one and its length, as varints.
  ///
  /// A set that would not fit into a message is told coarser: runs with little between them become
  /// one. Blocks that may differ may be too many, never too few.
  static ByteString blocks(BlockSet set) {
    long joined = 0;
    var runs = blocks(set, joined);
    while (runs.size() > RUNS_MAX_BYTES) {
      joined = Math.max(1, joined * 4);
      runs = blocks(set, joined);
    }
    return runs;
  }

  private static ByteString blocks(BlockSet set, long joined) {
    var bytes = new ByteArrayOutputStream();
    try {
      var out = CodedOutputStream.newInstance(bytes);
      long last = 0;
      for (long start = set.next(0); start >= 0; ) {
        long end = set.runEnd(start, set.size());
        for (long next = set.next(end); next >= 0 && next - end <= joined; next = set.next(end)) {
          end = set.runEnd(next, set.size());
        }
        out.writeUInt64NoTag(start - last);
        out.writeUInt64NoTag(end - start);
        last = end;
        start = set.next(end);
      }
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail
    }
    return ByteString.copyFrom(bytes.toByteArray());
  }

  static BlockSet blocks(ByteString runs, long blockCount) throws IOException {
    var set = new BlockSet(blockCount);
    CodedInputStream in = runs.newCodedInput();
    long at = 0;
    while (!in.isAtEnd()) {
      long gap = in.readUInt64();
      long length = in.readUInt64();
      if (gap < 0 || length <= 0 || gap > blockCount - at || length > blockCount - at - gap) {
        throw new IOException("the peer's set of blocks goes beyond the device");
      }
      set.addRange(at + gap, at + gap + length);
      at += gap + length;
    }
    return set;
  }
}
