package carpool.replicator.control;

import carpool.common.v1.ErrorDetail;
import carpool.kit.config.HastAddress;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Phase;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.Role;
import carpool.replicator.core.SyncVerdict;
import carpool.replicator.core.layout.Metadata;
import carpool.replicator.offline.Provisioning;
import carpool.replicator.peer.rpc.ProtoMapper;
import carpool.replicator.peer.rpc.SplitSide;
import carpool.replicator.status.ResourceStatistics;
import carpool.replicator.status.Snapshot;
import carpool.replicator.v1.Export;
import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.SplitBrainSide;
import carpool.replicator.v1.Statistics;
import carpool.replicator.v1.Sync;
import carpool.replicator.v1.SyncState;
import java.util.Locale;

/// Resources, metadata and verdicts as messages.
final class ResourceMapper {
  private ResourceMapper() {}

  static Resource resource(Snapshot snapshot) {
    var configured = snapshot.node().resource();
    var out =
        Resource.newBuilder()
            .setName(configured.name())
            .setProvname(configured.local().provname())
            .setLocalPath(configured.local().path())
            .setRemoteAddress(
                configured.local().remote().map(ResourceMapper::address).orElse("none"))
            .setSourceAddress(configured.local().source().map(ResourceMapper::address).orElse(""))
            .setPeerNode(configured.peer().map(peer -> peer.node().value()).orElse(""))
            .setReplication(
                switch (configured.replication()) {
                  case FULLSYNC -> carpool.replicator.v1.ReplicationMode.REPLICATION_MODE_FULLSYNC;
                  case MEMSYNC -> carpool.replicator.v1.ReplicationMode.REPLICATION_MODE_MEMSYNC;
                  case ASYNC -> carpool.replicator.v1.ReplicationMode.REPLICATION_MODE_ASYNC;
                })
            .setChecksum(configured.checksum().name().toLowerCase(Locale.ROOT))
            .setCompression(configured.compression().name().toLowerCase(Locale.ROOT))
            .setRefusalReason(snapshot.refusalReason())
            .setRefusalText(snapshot.refusalText())
            .setPeerSilentMillis(snapshot.peerSilentMillis())
            .setOldestRequestMillis(snapshot.oldestRequestMillis())
            .setChangedUnixMillis(snapshot.node().changedUnixMillis())
            .setStatistics(statistics(snapshot))
            .setExport(export(snapshot));
    var witness = snapshot.witness();
    if (witness != null) {
      out.setWitness(WitnessMapper.witness(witness));
    }
    var core = snapshot.core();
    if (core == null) {
      out.setRole(ProtoMapper.role(Role.INIT))
          .setDisk(ProtoMapper.disk(DiskState.DISKLESS))
          .setLink(LinkState.LINK_STATE_OFF);
      if (!snapshot.attachProblem().isEmpty()) {
        out.addWarnings(snapshot.attachProblem());
      }
      return out.build();
    }
    fill(out, snapshot, core);
    return out.build();
  }

  private static void fill(Resource.Builder out, Snapshot snapshot, Snapshot.Core core) {
    boolean connected = core.phase().agreed();
    out.setRole(ProtoMapper.role(core.role()))
        .setDataSizeBytes(core.dataSizeBytes())
        .setExtentSizeBytes(core.extentSizeBytes())
        .setKeepdirty(core.keepdirty())
        .setDisk(ProtoMapper.disk(core.disk()))
        .setLink(link(snapshot, core))
        .setComplete(core.complete())
        .setSync(sync(snapshot, core))
        .setDirtyBytes(core.differentBytes())
        .setWorkerPid(ProcessHandle.current().pid())
        .setIdentity(ProtoMapper.identity(core.identity()))
        .setSplitBrain(core.splitBrain())
        .setFenced(core.fenced())
        .setResuming(snapshot.node().resuming());
    if (connected) {
      out.setPeerRole(ProtoMapper.role(core.peerRole()))
          .setPeerDisk(ProtoMapper.disk(core.peerDisk()));
    }
    if (core.promotion() != Verdict.ALLOWED) {
      out.setPromotionRefusal(reason(core.promotion()).name());
    }
  }

  private static LinkState link(Snapshot snapshot, Snapshot.Core core) {
    if (core.phase().agreed()) {
      return LinkState.LINK_STATE_CONNECTED;
    }
    if (core.role() == Role.INIT || snapshot.node().resource().local().remote().isEmpty()) {
      return LinkState.LINK_STATE_OFF;
    }
    if (!snapshot.refusalReason().isEmpty()) {
      return LinkState.LINK_STATE_REFUSED;
    }
    return core.phase() == Phase.NEGOTIATING
        ? LinkState.LINK_STATE_NEGOTIATING
        : LinkState.LINK_STATE_CONNECTING;
  }

  private static Sync sync(Snapshot snapshot, Snapshot.Core core) {
    var progress = core.sync();
    var state = state(core);
    var out =
        Sync.newBuilder()
            .setRemainingSeconds(-1)
            .setState(state)
            .setDifferentBytes(progress.foundBytes())
            .setPaused(progress.paused())
            .setLimitBytesPerSecond(progress.limitBytesPerSecond())
            .setVerifiedUnixMillis(snapshot.node().verifiedUnixMillis());
    if (state == SyncState.SYNC_STATE_SOURCE || state == SyncState.SYNC_STATE_VERIFY) {
      out.setTotalBytes(progress.totalBytes())
          .setLeftBytes(progress.leftBytes())
          .setWireBytes(progress.wireBytes());
      long rate = snapshot.syncBytesPerSecond();
      if (rate > 0) {
        out.setRateBytesPerSecond(rate)
            .setRemainingSeconds((progress.leftBytes() + rate - 1) / rate);
      }
    }
    return out.build();
  }

  private static SyncState state(Snapshot.Core core) {
    if (core.phase().source()) {
      return SyncState.SYNC_STATE_SOURCE;
    }
    if (core.phase().target()) {
      return SyncState.SYNC_STATE_TARGET;
    }
    if (core.phase() == Phase.IN_STEP && core.sync().verifying()) {
      return SyncState.SYNC_STATE_VERIFY;
    }
    return core.phase() == Phase.IN_STEP && core.sync().repairing()
        ? SyncState.SYNC_STATE_SOURCE
        : SyncState.SYNC_STATE_NONE;
  }

  private static Export export(Snapshot snapshot) {
    var device = snapshot.device();
    return Export.newBuilder()
        .setNbdSocket(snapshot.node().exportSocket())
        .setDevicePath(device.path())
        .setDeviceKind(device.kind())
        .setDeviceReady(device.ready())
        .setProblem(device.problem())
        .setConnections(snapshot.connections())
        .build();
  }

  private static Statistics statistics(Snapshot snapshot) {
    var s = ResourceStatistics.of(snapshot.node());
    var core = snapshot.core();
    return Statistics.newBuilder()
        .setReads(s.reads())
        .setWrites(s.writes())
        .setDeletes(s.deletes())
        .setFlushes(s.flushes())
        .setActivemapUpdates(s.mapUpdates())
        .setReadErrors(s.readErrors())
        .setWriteErrors(s.writeErrors())
        .setDeleteErrors(s.deleteErrors())
        .setFlushErrors(s.flushErrors())
        .setReadBytes(s.readBytes())
        .setWriteBytes(s.writeBytes())
        .setSentBytes(s.sentBytes() + snapshot.sentBytes())
        .setReceivedBytes(s.receivedBytes() + snapshot.receivedBytes())
        .setRemoteErrors(s.remoteErrors())
        .setChecksumErrors(s.checksumErrors())
        .setReconnects(s.reconnects())
        .setInFlightLocal(core == null ? 0 : core.requests().local())
        .setInFlightRemote(core == null ? 0 : core.requests().remote())
        .setHeld(core == null ? 0 : core.requests().held())
        .build();
  }

  /// As written in the file, which is what hastctl prints (hast.md 5.3).
  private static String address(HastAddress address) {
    return address.text();
  }

  static carpool.replicator.v1.Metadata metadata(Provisioning.Dump dump) {
    return metadata(dump.metadata())
        .setValidCopies(dump.validCopies())
        .setDirtyExtents(dump.dirtyExtents())
        .build();
  }

  static carpool.replicator.v1.Metadata.Builder metadata(Metadata metadata) {
    return carpool.replicator.v1.Metadata.newBuilder()
        .setResource(metadata.resource())
        .setDataSizeBytes(metadata.dataSizeBytes())
        .setExtentSizeBytes(metadata.extentSizeBytes())
        .setKeepdirty(metadata.keepdirty())
        .setLocalOffsetBytes(metadata.offsetBytes())
        .setIdentity(ProtoMapper.identity(metadata.identity()))
        .setPrevrole(metadata.prevRole().word())
        .setDisk(ProtoMapper.disk(metadata.disk()));
  }

  static RefusalReason reason(Verdict verdict) {
    return switch (verdict) {
      case ALLOWED -> RefusalReason.ARGUMENT_INVALID;
      case PEER_IS_PRIMARY -> RefusalReason.PEER_IS_PRIMARY;
      case COPY_INCONSISTENT -> RefusalReason.COPY_INCONSISTENT;
      case COPY_OUTDATED -> RefusalReason.COPY_OUTDATED;
      case CURRENCY_UNKNOWN -> RefusalReason.CURRENCY_UNKNOWN;
      case SPLIT_BRAIN -> RefusalReason.SPLIT_BRAIN;
      case PEER_UNHEARD -> RefusalReason.PEER_UNHEARD;
      case WITNESS_NAMES_PEER -> RefusalReason.WITNESS_NAMES_PEER;
      case WITNESS_FOREIGN -> RefusalReason.WITNESS_FOREIGN;
      case WITNESS_UNHEARD -> RefusalReason.WITNESS_UNHEARD;
      case DISK_UNUSABLE -> RefusalReason.PROVIDER_MISSING;
    };
  }

  static SplitBrainSide side(SplitSide side) {
    return SplitBrainSide.newBuilder()
        .setNode(side.node())
        .setRole(ProtoMapper.role(side.role()))
        .setDisk(ProtoMapper.disk(side.disk()))
        .setWithoutAncestor(side.identity().withoutAncestor())
        .setSinceUnixMillis(side.sinceUnixMillis())
        .setLastWriteUnixMillis(side.lastWriteUnixMillis())
        .setDifferentBytes(side.differentBytes())
        .setDifferentExtents(side.differentExtents())
        .setIdentity(ProtoMapper.identity(side.identity()))
        .build();
  }

  static RefusalReason reason(SyncVerdict verdict) {
    return switch (verdict) {
      case ALLOWED -> RefusalReason.ARGUMENT_INVALID;
      case NOT_PRIMARY -> RefusalReason.NOT_PRIMARY;
      case NOT_CONNECTED -> RefusalReason.NOT_CONNECTED;
      case NOT_IN_STEP -> RefusalReason.NOT_IN_STEP;
      case UNJUDGED -> RefusalReason.SOURCE_UNKNOWN;
    };
  }

  static ErrorDetail error(RefusalReason reason, String subject, String hint) {
    return ErrorDetail.newBuilder()
        .setReason(reason.name())
        .setSubject(subject)
        .setHint(hint)
        .build();
  }

  static ErrorDetail error(Verdict verdict, String subject) {
    return error(reason(verdict), subject, verdict.hint());
  }
}
