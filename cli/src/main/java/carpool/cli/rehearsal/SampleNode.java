package carpool.cli.rehearsal;

import carpool.common.v1.Build;
import carpool.common.v1.Process;
import carpool.election.v1.Group;
import carpool.election.v1.State;
import carpool.kit.boot.Version;
import carpool.kit.grpc.GrpcEndpoint;
import carpool.kit.grpc.HealthBoard;
import carpool.orchestrator.v1.GetStatusRequest;
import carpool.orchestrator.v1.GetStatusResponse;
import carpool.orchestrator.v1.OrchestratorGrpc;
import carpool.orchestrator.v1.Pool;
import carpool.orchestrator.v1.PoolState;
import carpool.orchestrator.v1.Service;
import carpool.orchestrator.v1.ServiceState;
import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.ReplicationMode;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import carpool.replicator.v1.Sync;
import carpool.replicator.v1.SyncState;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/// Answers `carpool status` with a made-up page on `DIRECTORY/orchestrator.sock`, until killed. It
/// holds nothing and decides nothing: packaging uses it to train the start-up cache, and anybody to
/// measure the start.
public final class SampleNode {

  private SampleNode() {}

  /// `SampleNode DIRECTORY`; prints `ready` when it listens.
  public static void main(String[] args) throws Exception {
    var socket = Path.of(args[0]).resolve("orchestrator.sock");
    var _ = GrpcEndpoint.unix(socket, List.of(new Answers()), new HealthBoard());
    System.out.println("ready: " + socket);
    new CountDownLatch(1).await();
  }

  /// The made-up page.
  public static GetStatusResponse status() {
    return GetStatusResponse.newBuilder()
        .setProcess(
            Process.newBuilder()
                .setNode("hast1")
                .setCluster("sample")
                .setBuild(Build.newBuilder().setVersion(Version.current())))
        .addGroups(
            Group.newBuilder()
                .setName("storage")
                .setInterface("em0")
                .setVhid(1)
                .setState(State.STATE_MASTER)
                .setReason("master timed out")
                .addAddresses("192.168.3.50/24")
                .setAddressesPresent(true))
        .addPools(
            Pool.newBuilder()
                .setName("zhast")
                .setType("zfs")
                .setState(PoolState.POOL_STATE_SERVING)
                .setHealth("ONLINE")
                .addServices(
                    Service.newBuilder()
                        .setName("nginx")
                        .setState(ServiceState.SERVICE_STATE_RUNNING)))
        .addResources(resource("disk1").setComplete(true))
        .addResources(
            resource("disk2")
                .setDirtyBytes(6L << 20)
                .setSync(
                    Sync.newBuilder()
                        .setState(SyncState.SYNC_STATE_SOURCE)
                        .setTotalBytes(10L << 20)
                        .setLeftBytes(6L << 20)
                        .setRateBytesPerSecond(2L << 20)
                        .setRemainingSeconds(3)))
        .build();
  }

  private static Resource.Builder resource(String name) {
    return Resource.newBuilder()
        .setName(name)
        .setProvname(name)
        .setLocalPath("/dev/ad1")
        .setRemoteAddress("hast2")
        .setPeerNode("hast2")
        .setReplication(ReplicationMode.REPLICATION_MODE_MEMSYNC)
        .setRole(Role.ROLE_PRIMARY)
        .setPeerRole(Role.ROLE_SECONDARY)
        .setDisk(DiskState.DISK_STATE_UP_TO_DATE)
        .setLink(LinkState.LINK_STATE_CONNECTED);
  }

  private static final class Answers extends OrchestratorGrpc.OrchestratorImplBase {
    @Override
    public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> observer) {
      observer.onNext(status());
      observer.onCompleted();
    }
  }
}
