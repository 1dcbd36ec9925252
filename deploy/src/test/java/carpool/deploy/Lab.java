package carpool.deploy;

import com.github.dockerjava.api.model.Network.Ipam;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.testcontainers.containers.Network;

/// Two nodes, a network of the clients and one for replication, and the pool `zhast` on three
/// replicated disks.
final class Lab implements AutoCloseable {
  static final String IMAGE = environment("CARPOOL_LAB_IMAGE", "carpool-node");
  static final String LAN = environment("CARPOOL_LAB_LAN", "172.30.1");
  static final String REPLICATION = environment("CARPOOL_LAB_REPL", "172.30.2");

  /// Of the scenarios in which the clients have two networks.
  static final String DMZ = environment("CARPOOL_LAB_DMZ", "172.31.1");

  static final String VIP = LAN + ".50";

  /// Where the witness is, in a lab that has one.
  static final String WITNESS_URL = "http://" + LAN + ".80:2379";

  private static final long POLL_NANOS = 200_000_000;
  private static final String RUN = environment("CARPOOL_TEST_RUN", "by-hand");

  private final Network lan = network("a-lan", LAN);
  private final Network replication = network("b-repl", REPLICATION);
  private final Consumer<Node> prepare;
  final Node hast1;
  Node hast2;
  final Node client = new Node("client", 100, lan, replication).withCommand("client");
  final Writer writer = new Writer(this, client);

  /// Not started, unless a scenario does.
  final Node witness = new Node("witness", 80, lan, replication).withCommand("witness");

  Lab() {
    this(_ -> {});
  }

  /// @param prepare what is different about its nodes, before they are started
  Lab(Consumer<Node> prepare) {
    this("hast1", "hast2", prepare);
  }

  Lab(String first, String second, Consumer<Node> prepare) {
    this.prepare = prepare;
    hast1 = node(first, 11);
    hast2 = node(second, 12);
  }

  private Node node(String name, int lastOctet) {
    var node = new Node(name, lastOctet, lan, replication);
    prepare.accept(node);
    return node;
  }

  /// A scenario on a lab of its own.
  interface Scenario {
    void play(Lab lab) throws Exception;
  }

  /// Plays it from the first start on; when it fails, what both nodes can tell is in
  /// `target/e2e/NAME`.
  void play(String name, Scenario scenario) throws Exception {
    try (var _ = this) {
      try {
        startNodes();
        scenario.play(this);
      } catch (Exception | AssertionError e) {
        collect(name);
        throw e;
      }
    }
  }

  private static String environment(String name, String otherwise) {
    return Objects.requireNonNullElse(System.getenv(name), otherwise);
  }

  static Map<String, String> labels() {
    return Map.of("carpool.test.run", RUN);
  }

  /// Interfaces are numbered in the order of the networks' names: lan is eth0.
  static Network network(String name, String prefix) {
    return Network.builder()
        .createNetworkCmdModifier(command ->
            command
                .withName(RUN + "-" + name)
                .withLabels(labels())
                .withIpam(new Ipam().withConfig(new Ipam.Config().withSubnet(prefix + ".0/24"))))
        .build();
  }

  /// Starts the nodes and the client, and nothing more.
  void startNodes() {
    client.start();
    hast1.start();
    hast2.start();
  }

  /// Starts both nodes and makes the pool on the one whose resources are primary.
  void start() throws InterruptedException {
    startNodes();
    // Both copies equal: by then the starting of six services is over and the roles are steady.
    await("a steady pair with devices", Duration.ofMinutes(3), () -> withDevices() != null);
    var first = Objects.requireNonNull(withDevices());
    must(
        first,
        "zpool",
        "create",
        "-o",
        "cachefile=none",
        "zhast",
        "raidz1",
        "/dev/hast/disk1",
        "/dev/hast/disk2",
        "/dev/hast/disk3");
    // The orchestrator mounts what it finds unmounted in a pool that it takes over, and may come
    // first.
    must(
        first,
        "sh",
        "-c",
        """
        zfs create -o exec=off -o setuid=off -o compression=gzip-9 -o quota=60M zhast/data && exit
        for i in 1 2 3 4 5; do
          [ "$(zfs get -H -o value mounted zhast/data)" = yes ] && exit 0
          sleep 1
        done
        exit 1
        """);
    must(
        first,
        "sh",
        "-c",
        "dd if=/usr/libexec/carpool-lab/index.html of=/zhast/data/index.html conv=fsync");
    must(first, "carpool", "pool", "import", "zhast");
    await("a served page", Duration.ofSeconds(60), () -> serves(first));
    await("both copies equal", Duration.ofSeconds(60), () -> complete(first));
  }

  private @Nullable Node withDevices() {
    for (var node : new Node[] {hast1, hast2}) {
      if (node.run("sh", "-c", "for d in disk1 disk2 disk3; do [ -s /dev/hast/$d ] || exit 1; done")
          .ok()) {
        return node;
      }
    }
    return null;
  }

  /// The lab's own carpool.yaml; `entry` puts in the networks of this run.
  static String configuration() {
    try {
      return Files.readString(Path.of("image/etc/carpool/carpool.yaml"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static void must(Node node, String... command) {
    var outcome = node.run(command);
    if (!outcome.ok()) {
      throw new AssertionError(
          node.nodeName() + ": " + String.join(" ", command) + " ended with " + outcome);
    }
  }

  /// A machine of the same name and addresses with three empty disks takes the second one's place.
  void replaceHast2() {
    hast2.stop();
    hast2 = node("hast2", 12);
    hast2.start();
  }

  /// One that is not started yet.
  Prometheus prometheus() {
    return new Prometheus(lan);
  }

  List<Node> nodes() {
    return List.of(hast1, hast2);
  }

  Node other(Node node) {
    return node.nodeName().equals("hast1") ? hast2 : hast1;
  }

  /// The node that has the pool and answers under the shared address.
  Node serving() {
    if (serves(hast1)) {
      return hast1;
    }
    if (serves(hast2)) {
      return hast2;
    }
    throw new AssertionError("nobody serves\n" + logs());
  }

  boolean serves(Node node) {
    return node.running()
        && node.run("zpool", "list", "-H", "zhast").ok()
        && pageOf(client).contains("<h1>" + node.nodeName());
  }

  private static String pageOf(Node from) {
    return from.run("curl", "-fsS", "--max-time", "2", "http://" + VIP + "/").output();
  }

  static boolean complete(Node node) {
    return node.status().completeAs("PRIMARY");
  }

  static boolean isBackupAndSecondary(Node node) {
    return node.status().standsBy();
  }

  /// One node serves the page, in step with the other, which stands by: the end of every scenario.
  boolean steady() {
    for (var node : nodes()) {
      if (pageOf(client).contains("<h1>" + node.nodeName())) {
        return node.status().servesInStep() && other(node).status().standsBy();
      }
    }
    return false;
  }

  /// Waits for it.
  void awaitSteady() throws InterruptedException {
    await("steady pair", Duration.ofMinutes(4), this::steady);
    for (var node : nodes()) {
      if (!serves(node) && node.run("zpool", "list", "-H", "zhast").ok()) {
        throw new AssertionError("two nodes have the pool\n" + logs());
      }
    }
  }

  void await(String what, Duration deadline, BooleanSupplier condition)
      throws InterruptedException {
    await(what, deadline, condition, this::logs);
  }

  static void await(
      String what, Duration deadline, BooleanSupplier condition, Supplier<String> explanation)
      throws InterruptedException {
    long end = System.nanoTime() + deadline.toNanos();
    while (true) {
      long asked = System.nanoTime();
      if (condition.getAsBoolean()) {
        return;
      }
      long now = System.nanoTime();
      if (now > end) {
        throw new AssertionError(
            "no " + what + " within " + deadline.toSeconds() + " s\n" + explanation.get());
      }
      // Most questions start a program in a container: at most half of the time goes to asking, so
      // that what is waited for gets the rest.
      TimeUnit.NANOSECONDS.sleep(Math.max(now - asked, POLL_NANOS));
    }
  }

  /// The last lines of both nodes, for a failure.
  String logs() {
    var text = new StringBuilder();
    for (var node : nodes()) {
      text.append("--- ").append(node.nodeName()).append('\n');
      if (node.running()) {
        text.append(node.run("carpool", "status").output());
      }
      var lines = node.getLogs().lines().toList();
      lines.stream().skip(Math.max(0, lines.size() - 60)).forEach(l -> text.append(l).append('\n'));
    }
    return text.toString();
  }

  /// Everything that both nodes can tell, as files in `target/e2e/SCENARIO`.
  void collect(String scenario) throws IOException {
    var directory = Path.of("target", "e2e", scenario).toAbsolutePath();
    Files.createDirectories(directory);
    for (var node : nodes()) {
      var name = node.nodeName();
      Files.writeString(directory.resolve(name + ".log"), node.getLogs());
      if (node.running()) {
        for (var page : List.of("status", "timeline", "why", "doctor")) {
          var outcome = node.run("carpool", page);
          Files.writeString(
              directory.resolve(name + "." + page), outcome.output() + outcome.errors());
        }
        Files.writeString(directory.resolve(name + ".processes"), node.processes());
      }
    }
  }

  @Override
  public void close() {
    client.stop();
    witness.stop();
    hast1.stop();
    hast2.stop();
    lan.close();
    replication.close();
  }
}
