package carpool.orchestrator;

import carpool.election.v1.Group;
import carpool.kit.config.ElectionGroup;
import carpool.kit.loop.Guarded;
import carpool.orchestrator.control.Couple.Glance;
import carpool.orchestrator.control.Node.NetworkStatus;
import carpool.orchestrator.core.Carp;
import carpool.orchestrator.core.ClientNetworkRule.Verdict;
import carpool.orchestrator.network.ClientNetwork;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

/// The clients' networks of all groups that a pool of this node follows: sampled once a second,
/// judged whenever the other node was looked at. Any thread.
final class ClientNetworks {
  private static final Duration EVERY = Duration.ofSeconds(1);

  /// An advertisement heard so short before the last report, and a report not older than this.
  private static final long HEARD_MILLIS = 3_000;

  private static final long REPORT_NANOS = 6_000_000_000L;

  private record Heard(long silentMillis, long toldNanos) {
    boolean lately() {
      return silentMillis <= HEARD_MILLIS && System.nanoTime() - toldNanos <= REPORT_NANOS;
    }
  }

  private final Map<String, ClientNetwork> networks = new LinkedHashMap<>();
  private final Map<String, Carp> carp = new ConcurrentHashMap<>();
  private final Map<String, Heard> heard = new ConcurrentHashMap<>();
  private final Predicate<String> peerAble;
  private final BiConsumer<String, Verdict> onVerdict;
  private final ScheduledExecutorService sampling =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("client-networks").daemon(true).factory());

  /// @param peerAble whether the other node could serve all pools of a group
  /// @param onVerdict told what follows for a group, whenever that changes
  ClientNetworks(
      Collection<ElectionGroup> groups,
      Predicate<String> peerAble,
      BiConsumer<String, Verdict> onVerdict) {
    this.peerAble = peerAble;
    this.onVerdict = onVerdict;
    groups.forEach(group -> networks.put(group.name(), new ClientNetwork(group)));
  }

  void start() {
    var millis = EVERY.toMillis();
    var sample = Guarded.task("looking at the clients' network", this::sample);
    var _ = sampling.scheduleWithFixedDelay(sample, millis, millis, TimeUnit.MILLISECONDS);
  }

  void close() {
    sampling.shutdownNow();
  }

  private void sample() {
    try {
      for (var network : networks.values()) {
        network.sample();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  void carp(String group, Carp state) {
    carp.put(group, state);
  }

  void heard(Group group) {
    if (group.hasHeard()) {
      heard.put(group.getName(), new Heard(group.getHeard().getSilentMillis(), System.nanoTime()));
    }
  }

  private boolean master(String group) {
    return carp.getOrDefault(group, Carp.UNKNOWN) == Carp.MASTER;
  }

  /// What is known of the other node now.
  void seen(Glance other) {
    for (var network : networks.values()) {
      var group = network.group();
      var last = heard.get(group);
      var verdict =
          network.compare(
              master(group),
              other.networks().get(group),
              other.node(),
              peerAble.test(group),
              last != null && last.lately());
      if (verdict != null) {
        onVerdict.accept(group, verdict);
      }
    }
  }

  List<NetworkStatus> all() {
    return networks.values().stream()
        .map(network ->
            new NetworkStatus(
                network.group(), network.sight(master(network.group())), network.verdict()))
        .toList();
  }
}
