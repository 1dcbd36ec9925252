package carpool.orchestrator;

import carpool.kit.grpc.Channels;
import carpool.kit.grpc.GrpcEndpoint;
import carpool.kit.grpc.HealthBoard;
import carpool.kit.testing.JavaProcess;
import carpool.orchestrator.v1.GetStatusRequest;
import carpool.orchestrator.v1.GetStatusResponse;
import carpool.orchestrator.v1.OrchestratorGrpc;
import carpool.orchestrator.v1.Pool;
import carpool.orchestrator.v1.PoolState;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The real carpool-orchestrator in a process of its own, between a fake replicator, a fake
/// election and a fake zpool.
final class Bed implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofSeconds(30);

  static final String POOLS =
      """
      pools:
        - name: tank
          follows: storage
          type: zfs
          resources: [disk1, disk2]
          last-resort: [%1$s/last-resort]
          services:
            - name: web
              start: [touch, %1$s/web]
              stop: [rm, -f, %1$s/web]
              check: [test, -e, %1$s/web]
              interval: 200ms
          timeouts: { promote: 2s, device: 2s, import: 5s, export: 2s, demote: 2s }
      """;

  final Path dir;
  final FakeReplicator replicator = new FakeReplicator("disk1", "disk2");
  final FakeElection election = new FakeElection();
  private final Path config;
  private final ManagedChannel channel;
  private @Nullable GrpcEndpoint replicatorServer;
  private @Nullable GrpcEndpoint electionServer;
  private @Nullable JavaProcess process;

  Bed(Path dir) throws IOException {
    this(dir, POOLS);
  }

  /// A node with other pools than usual; `%1$s` is its directory.
  Bed(Path dir, String pools) throws IOException {
    this(dir, pools, "");
  }

  /// A node with more said of its election group, one line.
  static Bed withGroup(Path dir, String group) throws IOException {
    return new Bed(dir, POOLS, group);
  }

  Bed(Path dir, String pools, String group) throws IOException {
    this.dir = dir;
    var run = Files.createDirectories(dir.resolve("run"));
    Files.createDirectories(dir.resolve("dev"));
    var hast = dir.resolve("hast.conf");
    Files.writeString(
        hast,
        """
        resource disk1 {
          on hast1 { local /dev/null
                     remote 127.0.0.2 }
          on hast2 { local /dev/null
                     remote 127.0.0.1 }
        }
        resource disk2 {
          on hast1 { local /dev/null
                     remote 127.0.0.2 }
          on hast2 { local /dev/null
                     remote 127.0.0.1 }
        }
        """);
    config = dir.resolve("carpool.yaml");
    Files.writeString(
        config,
        """
        cluster: test
        hast: %1$s/hast.conf
        runtime-dir: %1$s/run
        state-dir: %1$s/state
        device-dir: %1$s/dev
        device: none
        election:
          - name: storage
            interface: lo
            vhid: 1
            password: secret
            addresses: [192.0.2.50/24]
            reachable: [127.0.0.1]
            %3$s
        %2$s
        hooks:
          - on: [serving, stopped, failed, master, backup, config-difference, witness-lost, witness-back, client-network, maintenance]
            run: [%1$s/hook]
        """
            .formatted(dir, pools.formatted(dir), group));
    Files.writeString(
        dir.resolve("hook"),
        "#!/bin/bash\necho \"$CARPOOL_EVENT $CARPOOL_NODE\" >>" + dir + "/hooks\n");
    // As when a ZFS daemon is killed: the pool is no longer here.
    Files.writeString(
        dir.resolve("last-resort"),
        "#!/bin/bash\ncd " + dir + "; [[ ! -e mendable ]] || rm -f hang imported\n");
    if (!dir.resolve("last-resort").toFile().setExecutable(true)) {
      throw new IOException("cannot make the last resort executable");
    }
    if (!dir.resolve("hook").toFile().setExecutable(true)) {
      throw new IOException("cannot make the hook executable");
    }
    replicatorServer =
        GrpcEndpoint.unix(run.resolve("replicator.sock"), List.of(replicator), new HealthBoard());
    electionServer =
        GrpcEndpoint.unix(run.resolve("election.sock"), List.of(election), new HealthBoard());
    channel = Channels.unix(run.resolve("orchestrator.sock"));
  }

  void poolOnDisks() throws IOException {
    Files.writeString(dir.resolve("pool"), "");
  }

  void make(String file) throws IOException {
    Files.writeString(dir.resolve(file), "");
  }

  void start() throws Exception {
    var bin = Path.of(java.util.Objects.requireNonNull(Bed.class.getResource("/fakebin")).toURI());
    for (var tool : List.of("zpool", "zfs", "systemd-inhibit", "busctl", "systemctl")) {
      // A jar or a copied tree may have lost the mode.
      var _ = bin.resolve(tool).toFile().setExecutable(true);
    }
    process =
        JavaProcess.start(
            Main.class,
            Map.of(
                "PATH",
                bin + ":" + System.getenv("PATH"),
                "FAKE",
                dir.toString(),
                "CARPOOL_UNIT",
                "carpool-orchestrator.service"),
            "--config",
            config.toString(),
            "--node",
            "hast1");
    var _ = process.await("ready:", PATIENCE);
    channel.resetConnectBackoff();
  }

  JavaProcess process() {
    return java.util.Objects.requireNonNull(process);
  }

  void killOrchestrator() throws Exception {
    process().signal("KILL");
    var _ = process().exitCode(PATIENCE);
  }

  void stopElection() throws IOException, InterruptedException {
    if (electionServer != null) {
      electionServer.close(Duration.ZERO);
      electionServer = null;
    }
  }

  void stopReplicator() throws IOException, InterruptedException {
    if (replicatorServer != null) {
      replicatorServer.close(Duration.ZERO);
      replicatorServer = null;
    }
  }

  OrchestratorGrpc.OrchestratorBlockingStub orchestrator() {
    return OrchestratorGrpc.newBlockingStub(channel).withDeadlineAfter(30, TimeUnit.SECONDS);
  }

  GetStatusResponse status() {
    return orchestrator().getStatus(GetStatusRequest.getDefaultInstance());
  }

  Pool pool() {
    return status().getPools(0);
  }

  void awaitPool(PoolState state) throws InterruptedException {
    await("pool " + state, () -> pool().getState() == state);
  }

  boolean has(String file) {
    return Files.exists(dir.resolve(file));
  }

  String read(String file) throws IOException {
    return has(file) ? Files.readString(dir.resolve(file)) : "";
  }

  void await(String what, BooleanSupplier condition) throws InterruptedException {
    var end = System.nanoTime() + PATIENCE.toNanos();
    while (!holds(condition)) {
      if (System.nanoTime() > end) {
        throw new AssertionError(
            "not within "
                + PATIENCE.toSeconds()
                + " s: "
                + what
                + "\n"
                + (process == null ? "" : process.output()));
      }
      TimeUnit.MILLISECONDS.sleep(20);
    }
  }

  private static boolean holds(BooleanSupplier condition) {
    try {
      return condition.getAsBoolean();
    } catch (StatusRuntimeException e) {
      // Not there yet.
      return false;
    }
  }

  @Override
  public void close() {
    if (process != null) {
      var commands =
          ProcessHandle.of(process.pid())
              .map(handle -> handle.descendants().toList())
              .orElse(List.of());
      process.close();
      // They write into the directory that is about to be removed.
      commands.forEach(ProcessHandle::destroyForcibly);
      commands.forEach(command -> command.onExit().join());
    }
    channel.shutdownNow();
    try {
      stopElection();
      stopReplicator();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
