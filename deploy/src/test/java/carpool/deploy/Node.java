package carpool.deploy;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.Device;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.DockerImageName;

/// A node of the lab: what deploy/compose.yaml says, for Testcontainers.
final class Node extends GenericContainer<Node> {
  /// The provider that [#breakDisk] breaks.
  static final String FAULTY_DISK = "disk3";

  /// Of everything in the container. The three services have to do with 512 MiB of it
  /// ([FailoverIT]); the rest is for zfs-fuse, the devices, nginx and the command line.
  static final long MEMORY_BYTES = 768L << 20;

  /// The socket first: asking again and again would slow down what is being started.
  private static final String STATUS =
      "[ -S /run/carpool/orchestrator.sock ] && exec carpool status --json";

  private static final String LIBEXEC = "/usr/libexec/carpool-lab/";

  private final String name;

  /// By network, besides the first one.
  private final Map<Network, String> addresses = new LinkedHashMap<>();

  private boolean loopDevices;

  Node(String name, int lastOctet, Network lan, Network replication) {
    super(DockerImageName.parse(Lab.IMAGE));
    this.name = name;
    addresses.put(replication, Lab.REPLICATION + "." + lastOctet);
    withNetwork(lan);
    withEnv("CARPOOL_LAB_LAN", Lab.LAN);
    withEnv("CARPOOL_LAB_REPL", Lab.REPLICATION);
    withEnv("CARPOOL_LAB_DISK_SIZE", "128M");
    withEnv("CARPOOL_LAB_FAULTY", FAULTY_DISK);
    withTmpFs(Map.of("/run", "exec"));
    withLabels(Lab.labels());
    withCreateContainerCmdModifier(command -> {
      command.withHostName(name).withIpv4Address(Lab.LAN + "." + lastOctet);
      var host = command.getHostConfig();
      if (host != null) {
        host.withCapAdd(Capability.NET_ADMIN, Capability.NET_RAW, Capability.SYS_ADMIN)
            .withSecurityOpts(List.of("apparmor:unconfined"))
            .withDevices(new Device("rwm", "/dev/fuse", "/dev/fuse"))
            .withMemory(MEMORY_BYTES);
        if (loopDevices) {
          host.withDeviceCgroupRules(List.of("c 10:237 rwm", "b 7:* rwm"));
        }
      }
    });
  }

  /// A file that is there before the first process.
  Node with(String path, int mode, String text) {
    return withCopyToContainer(Transferable.of(text, mode), path);
  }

  /// Lets `mount` put a loop device on a file. They are made inside when it has started.
  Node withLoopDevices() {
    loopDevices = true;
    return this;
  }

  /// An interface more. Docker numbers them in the order of the networks' names.
  Node connectedTo(Network network, String address) {
    addresses.put(network, address);
    return this;
  }

  private void makeLoopDevices() {
    Lab.must(
        this,
        "sh",
        "-c",
        "mknod /dev/loop-control c 10 237;"
            + " for n in $(seq 0 63); do mknod /dev/loop$n b 7 $n; done");
  }

  /// All networks have to be there before the first process.
  @Override
  protected void containerIsCreated(String containerId) {
    addresses.forEach((network, address) ->
        docker()
            .connectToNetworkCmd()
            .withContainerId(containerId)
            .withNetworkId(network.getId())
            .withContainerNetwork(
                new ContainerNetwork()
                    .withIpamConfig(new ContainerNetwork.Ipam().withIpv4Address(address)))
            .exec());
  }

  @Override
  protected void containerIsStarted(InspectContainerResponse info, boolean reused) {
    // Readiness is what the tests wait for themselves.
    if (loopDevices) {
      makeLoopDevices();
    }
  }

  private static DockerClient docker() {
    return DockerClientFactory.instance().client();
  }

  String nodeName() {
    return name;
  }

  /// The power goes.
  void powerCut() {
    docker().killContainerCmd(getContainerId()).exec();
  }

  /// The power comes back; disks and addresses are the old ones.
  void powerOn() {
    docker().startContainerCmd(getContainerId()).exec();
    if (loopDevices) {
      makeLoopDevices();
    }
  }

  /// All its processes stand still, for as long as nobody calls [#goOn].
  void standStill() {
    docker().pauseContainerCmd(getContainerId()).exec();
  }

  void goOn() {
    docker().unpauseContainerCmd(getContainerId()).exec();
  }

  /// Cuts the node off.
  ///
  /// @param network `clients` (the cable), `silent` (the same network, and no interface notices),
  ///   `replication` or `both`
  void cut(String network) {
    Lab.must(this, LIBEXEC + "net", "cut", network);
  }

  /// Ends every cut.
  void heal() {
    Lab.must(this, LIBEXEC + "net", "heal");
  }

  /// Kills a service at once; its supervisor starts it again.
  void kill(String service) {
    Lab.must(this, "s6-svc", "-k", "/run/service/" + service);
  }

  /// From now on every request to one of its three disks fails.
  void breakDisk() {
    Lab.must(this, "touch", "/run/" + FAULTY_DISK + ".failed");
  }

  void mendDisk() {
    Lab.must(this, "rm", "-f", "/run/" + FAULTY_DISK + ".failed");
  }

  /// What the node says of itself; not [NodeStatus#known] while it does not answer.
  NodeStatus status() {
    return running() ? NodeStatus.read(run("sh", "-c", STATUS).output()) : NodeStatus.NONE;
  }

  /// The processes between a program and the disks, and what they wait for.
  String processes() {
    return run("sh", "-c", "ps -eo pid,etimes,stat,wchan:24,args | grep -E 'dd |zfs|nbd'").output();
  }

  /// Neither killed nor standing still.
  boolean running() {
    return state().equals("running");
  }

  /// Docker's word: `running`, `paused`, `exited`.
  String state() {
    return String.valueOf(
        docker().inspectContainerCmd(getContainerId()).exec().getState().getStatus());
  }

  /// Runs a command inside; its standard output, or empty with what went wrong in the text.
  Outcome run(String... command) {
    try {
      var result = execInContainer(command);
      return new Outcome(result.getExitCode(), result.getStdout(), result.getStderr());
    } catch (IOException | RuntimeException e) {
      return new Outcome(-1, "", String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Outcome(-1, "", "interrupted");
    }
  }

  /// How a command ended.
  record Outcome(int exitCode, String output, String errors) {
    boolean ok() {
      return exitCode == 0;
    }
  }
}
