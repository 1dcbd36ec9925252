package carpool.replicator.pair;

import static org.junit.jupiter.api.Assertions.assertEquals;

import carpool.kit.grpc.Channels;
import carpool.kit.testing.FreePort;
import carpool.kit.testing.JavaProcess;
import carpool.replicator.MainForTests;
import carpool.replicator.offline.OfflineCommand;
import carpool.replicator.v1.AnnounceGiveUpRequest;
import carpool.replicator.v1.GetSplitBrainRequest;
import carpool.replicator.v1.GetStatusRequest;
import carpool.replicator.v1.ReloadRequest;
import carpool.replicator.v1.RenewWitnessRequest;
import carpool.replicator.v1.RenewWitnessResult;
import carpool.replicator.v1.ReplicatorGrpc;
import carpool.replicator.v1.ResolveSplitBrainRequest;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import carpool.replicator.v1.SetRoleRequest;
import carpool.replicator.v1.SetRoleResult;
import carpool.replicator.v1.SplitBrain;
import carpool.replicator.v1.Survivor;
import carpool.replicator.v1.SyncRequest;
import carpool.replicator.v1.SyncResult;
import carpool.replicator.v1.VerifyRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// hast1 on 127.0.0.1 and hast2 on 127.0.0.2, one resource `disk1` of [#SIZE_BYTES].
final class Pair implements AutoCloseable {
  static final long SIZE_BYTES = 64 << 20;

  /// Metadata and activemap of a provider of that size.
  static final int DATA_OFFSET = 8192;

  static final Duration DEADLINE = Duration.ofSeconds(30);

  private final Path directory;
  private final int port;
  private final int blockPort;
  private Map<String, String> environment = Map.of();
  private final @Nullable JavaProcess[] processes = new JavaProcess[3];
  private final @Nullable ManagedChannel[] channels = new ManagedChannel[3];

  /// What a test adds to the configuration.
  ///
  /// @param hast global statements of both hast.conf
  /// @param first lines of hast1's carpool.yaml
  /// @param second of hast2's
  record Extras(String hast, String first, String second) {
    static final Extras NONE = new Extras("", "", "");

    String yaml(int node) {
      return node == 1 ? first : second;
    }
  }

  Pair(Path directory, String mode) throws IOException {
    this(directory, mode, SIZE_BYTES, "none", "", Extras.NONE);
  }

  Pair(Path directory, String mode, Extras extras) throws IOException {
    this(directory, mode, SIZE_BYTES, "none", "", extras);
  }

  /// @param sizeBytes of the provider, a sparse file
  /// @param more settings of `replicator:`, each with a comma before it
  Pair(Path directory, String mode, long sizeBytes, String more) throws IOException {
    this(directory, mode, sizeBytes, "none", more, Extras.NONE);
  }

  /// @param device as in carpool.yaml
  Pair(Path directory, String mode, String device, Duration hold) throws IOException {
    this(directory, mode, SIZE_BYTES, device, ", hold: " + hold.toSeconds() + "s", Extras.NONE);
  }

  private Pair(
      Path directory, String mode, long sizeBytes, String device, String more, Extras extras)
      throws IOException {
    this.directory = directory;
    port = freePort();
    blockPort = freePort();
    for (int node = 1; node <= 2; node++) {
      Files.createDirectories(home(node).resolve("run"));
      try (var file = new RandomAccessFile(image(node).toFile(), "rw")) {
        file.setLength(sizeBytes);
      }
      Files.writeString(
          home(node).resolve("hast.conf"),
          """
          listen 127.0.0.%1$d:%2$d
          %6$s
          resource disk1 {
            replication %3$s
            on hast1 { local %4$s remote 127.0.0.2:%2$d source 127.0.0.1 }
            on hast2 { local %5$s remote 127.0.0.1:%2$d source 127.0.0.2 }
          }
          """
              .formatted(node, port, mode, image(1), image(2), extras.hast()));
      Files.writeString(
          config(node),
          """
          cluster: test
          hast: %1$s/hast.conf
          runtime-dir: %1$s/run
          state-dir: %1$s/state
          device-dir: %1$s/dev
          device: %3$s
          replicator: { block-port: %2$d%4$s }
          %5$s\
          """
              .formatted(home(node), blockPort, device, more, extras.yaml(node)));
      int code =
          OfflineCommand.run(
              new String[] {
                "create", "--config", config(node).toString(), "--node", "hast" + node, "disk1"
              });
      if (code != 0) {
        throw new IOException("create failed with " + code);
      }
    }
  }

  /// `hastctl create disk1`; the exit code.
  int hastctlCreate(int node) {
    return OfflineCommand.run(
        new String[] {
          "create",
          "--hastctl",
          "--hast-conf",
          home(node).resolve("hast.conf").toString(),
          "--node",
          "hast" + node,
          "disk1"
        });
  }

  /// Processes started from now on have this in their environment.
  void environment(Map<String, String> added) {
    environment = added;
  }

  static int freePort() throws IOException {
    return FreePort.find();
  }

  private Path home(int node) {
    return directory.resolve("n" + node);
  }

  private Path config(int node) {
    return home(node).resolve("carpool.yaml");
  }

  Path image(int node) {
    return home(node).resolve("disk1.img");
  }

  /// Where the device is while the node is primary.
  Path device(int node) {
    return home(node).resolve("dev/disk1");
  }

  long pid(int node) {
    return process(node).pid();
  }

  boolean runs(int node) {
    return processes[node] != null;
  }

  /// Whether the device's file is a mount.
  boolean mounted(int node) {
    try {
      return Files.readString(Path.of("/proc/self/mountinfo")).contains(" " + device(node) + " ");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  String uri(int node) {
    return "nbd+unix:///disk1?socket=" + home(node).resolve("run/nbd/disk1.sock");
  }

  void replaceInHast(int node, String old, String replacement) throws IOException {
    var file = home(node).resolve("hast.conf");
    Files.writeString(file, Files.readString(file).replace(old, replacement));
  }

  void replaceInYaml(int node, String old, String replacement) throws IOException {
    Files.writeString(config(node), Files.readString(config(node)).replace(old, replacement));
  }

  /// By the control service; what has changed.
  List<String> reload(int node) {
    var answer = stub(node).reload(ReloadRequest.getDefaultInstance());
    return Stream.concat(answer.getChangesList().stream(), answer.getNeedsRestartList().stream())
        .toList();
  }

  /// The orchestrator's word that it is about to give up, for a minute; or taken back.
  SetRoleResult announceGiveUp(int node, boolean takenBack) {
    return stub(node)
        .announceGiveUp(
            AnnounceGiveUpRequest.newBuilder()
                .addResources("disk1")
                .setCause("test")
                .setForMillis(takenBack ? 0 : 60_000)
                .build())
        .getResults(0);
  }

  /// Promotion by force.
  SetRoleResult force(int node, Role role) {
    return stub(node)
        .setRole(
            SetRoleRequest.newBuilder().addResources("disk1").setRole(role).setForce(true).build())
        .getResults(0);
  }

  SyncResult resolve(int node, Survivor survivor) {
    return stub(node)
        .resolveSplitBrain(
            ResolveSplitBrainRequest.newBuilder().addResources("disk1").setKeep(survivor).build())
        .getResults(0);
  }

  SplitBrain splitBrain(int node) {
    return stub(node).getSplitBrain(GetSplitBrainRequest.getDefaultInstance()).getSplitBrains(0);
  }

  void hangUp(int node) throws Exception {
    process(node).signal("HUP");
  }

  List<String> resources(int node) {
    return stub(node).getStatus(GetStatusRequest.getDefaultInstance()).getResourcesList().stream()
        .map(Resource::getName)
        .toList();
  }

  void start(int node) throws Exception {
    var process =
        JavaProcess.start(
            MainForTests.class,
            environment,
            "--config",
            config(node).toString(),
            "--node",
            "hast" + node);
    processes[node] = process;
    process.await("ready:", DEADLINE);
    channels[node] = Channels.unix(home(node).resolve("run/replicator.sock"));
  }

  /// Starts both, makes hast1 primary and waits until both copies are equal.
  void up() throws Exception {
    start(1);
    start(2);
    assertEquals(Role.ROLE_PRIMARY, role(1, Role.ROLE_PRIMARY).getNow(), logs());
    awaitComplete(1);
  }

  private JavaProcess process(int node) {
    var process = processes[node];
    if (process == null) {
      throw new IllegalStateException("hast" + node + " does not run");
    }
    return process;
  }

  private ReplicatorGrpc.ReplicatorBlockingStub stub(int node) {
    return ReplicatorGrpc.newBlockingStub(channels[node]).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  /// Where the peer's calls are answered.
  InetSocketAddress peerAddress(int node) {
    return new InetSocketAddress("127.0.0." + node, port);
  }

  InetSocketAddress blockAddress(int node) {
    return new InetSocketAddress("127.0.0." + node, blockPort);
  }

  /// SIGSTOP; ended by [#go].
  void stop(int node) throws Exception {
    process(node).signal("STOP");
  }

  /// SIGCONT.
  void go(int node) throws Exception {
    process(node).signal("CONT");
  }

  /// SIGKILL.
  void kill(int node) throws Exception {
    process(node).signal("KILL");
    process(node).exitCode(DEADLINE);
    forget(node);
  }

  private void forget(int node) {
    var channel = channels[node];
    if (channel != null) {
      channel.shutdownNow();
    }
    channels[node] = null;
    processes[node] = null;
  }

  void terminate(int node) throws Exception {
    process(node).signal("TERM");
    int code = process(node).exitCode(DEADLINE);
    if (code != 0) {
      throw new AssertionError("exit code " + code + "\n" + process(node).output());
    }
    forget(node);
  }

  SetRoleResult role(int node, Role role) {
    return stub(node)
        .setRole(SetRoleRequest.newBuilder().addResources("disk1").setRole(role).build())
        .getResults(0);
  }

  /// A new incarnation of the records in the witness.
  RenewWitnessResult renewWitness(int node, boolean overwrite, boolean force) {
    return stub(node)
        .renewWitness(
            RenewWitnessRequest.newBuilder().setOverwrite(overwrite).setForce(force).build())
        .getResults(0);
  }

  /// Asks for a role and does not wait for more than a second; how that ended.
  Status.Code abandonedRole(int node, Role role) {
    try {
      var _ =
          stub(node)
              .withDeadlineAfter(1, TimeUnit.SECONDS)
              .setRole(SetRoleRequest.newBuilder().addResources("disk1").setRole(role).build());
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  SyncResult sync(int node, SyncRequest.Builder request) {
    return stub(node).sync(request.addResources("disk1").build()).getResults(0);
  }

  SyncResult verify(int node, VerifyRequest.Builder request) {
    return stub(node).verify(request.addResources("disk1").build()).getResults(0);
  }

  /// This node's version of a block that a verification found different.
  byte[] kept(int node, long offset) throws IOException {
    return Files.readAllBytes(home(node).resolve("state/verify/disk1/" + offset));
  }

  /// How many such blocks there are.
  long keptCount(int node) throws IOException {
    try (var files = Files.list(home(node).resolve("state/verify/disk1"))) {
      return files.count();
    }
  }

  /// Changes one byte of the data area of a provider behind the replicator's back.
  void flipByte(int node, long dataOffset) throws IOException {
    try (var file = new RandomAccessFile(image(node).toFile(), "rw")) {
      file.seek(DATA_OFFSET + dataOffset);
      int before = file.read();
      file.seek(DATA_OFFSET + dataOffset);
      file.write(before ^ 0x40);
    }
  }

  Resource status(int node) {
    return stub(node).getStatus(GetStatusRequest.getDefaultInstance()).getResources(0);
  }

  /// Waits until the resource looks as wanted.
  Resource await(int node, String what, Predicate<Resource> wanted) throws Exception {
    long end = System.nanoTime() + DEADLINE.toNanos();
    var now = status(node);
    while (!wanted.test(now)) {
      if (System.nanoTime() > end) {
        throw new AssertionError("hast" + node + " is not " + what + ":\n" + now + "\n" + logs());
      }
      TimeUnit.MILLISECONDS.sleep(20);
      now = status(node);
    }
    return now;
  }

  void awaitComplete(int node) throws Exception {
    await(node, "complete", r -> r.getComplete() && r.getDirtyBytes() == 0);
  }

  /// Position of the first byte of the data areas that differs, or -1.
  long firstDifference() throws IOException {
    long at = Files.mismatch(dataOf(1), dataOf(2));
    Files.delete(dataOf(1));
    Files.delete(dataOf(2));
    return at;
  }

  private Path dataOf(int node) throws IOException {
    var data = home(node).resolve("data.copy");
    if (!Files.exists(data)) {
      try (var in = Files.newInputStream(image(node));
          var out = Files.newOutputStream(data)) {
        in.skipNBytes(DATA_OFFSET);
        in.transferTo(out);
      }
    }
    return data;
  }

  String logs() {
    var text = new StringBuilder();
    for (int node = 1; node <= 2; node++) {
      var process = processes[node];
      text.append("--- hast").append(node).append('\n');
      text.append(process == null ? "down" : process.output()).append('\n');
    }
    return text.toString();
  }

  @Override
  public void close() {
    for (int node = 1; node <= 2; node++) {
      var process = processes[node];
      if (process != null) {
        process.close();
      }
      forget(node);
    }
  }
}
