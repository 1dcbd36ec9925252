package carpool.orchestrator.network;

import carpool.kit.config.ElectionGroup;
import carpool.orchestrator.core.ClientNetworkRule;
import carpool.orchestrator.core.ClientNetworkRule.Verdict;
import carpool.orchestrator.core.ClientSight;
import carpool.orchestrator.core.SightTrack;
import java.net.InetAddress;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The clients' network of one election group as this node sees it, and what follows. Any thread.
public final class ClientNetwork {
  private final ElectionGroup group;
  private final SightTrack track;
  private final ClientNetworkRule rule = new ClientNetworkRule();
  private List<InetAddress> asked = List.of();
  private String answering = "";
  private Verdict verdict = Verdict.NOTHING;

  /// Nothing is known yet.
  public ClientNetwork(ElectionGroup group) {
    this.group = group;
    this.track = new SightTrack(group.reachable().isPresent());
  }

  /// Name of the election group.
  public String group() {
    return group.name();
  }

  /// Takes a sample; lasts up to a second.
  public void sample() throws InterruptedException {
    var hosts =
        group.reachable().orElseGet(() -> Signs.gateway(group.interfaceName()).stream().toList());
    var answer = Signs.answering(hosts);
    var packets = Signs.received(group.interfaceName());
    synchronized (this) {
      asked = hosts;
      answering = answer.map(InetAddress::getHostAddress).orElse("");
      track.sampled(System.nanoTime(), !hosts.isEmpty(), answer.isPresent(), packets);
    }
  }

  /// What this node sees of it now.
  ///
  /// @param master what the election says
  public synchronized ClientSight sight(boolean master) {
    var now = System.nanoTime();
    return new ClientSight(
        master,
        !verdict.lost().isEmpty(),
        track.evidence(),
        track.silentNanos(now),
        track.cut(now),
        text(now));
  }

  private String text(long now) {
    var seconds = track.silentNanos(now) / 1_000_000_000L;
    var hosts = asked.stream().map(InetAddress::getHostAddress).collect(Collectors.joining(" or "));
    return switch (track.evidence()) {
      case NONE -> "nothing to judge the network by";
      case TRAFFIC ->
          track.cut(now)
              ? "nothing received on %s for %d s".formatted(group.interfaceName(), seconds)
              : "packets are received on " + group.interfaceName();
      case TARGET ->
          answering.isEmpty()
              ? "no answer from %s for %d s".formatted(hosts, seconds)
              : answering + " answers";
    };
  }

  /// What follows from what both nodes see.
  ///
  /// @return what has to be told anew; null when nothing has changed since the last time
  public synchronized @Nullable Verdict compare(
      boolean master,
      @Nullable ClientSight peer,
      String peerName,
      boolean peerAble,
      boolean heard) {
    var next = rule.look(System.nanoTime(), sight(master), peer, peerName, peerAble, heard);
    var before = verdict;
    verdict = next;
    return next.lost().equals(before.lost()) && next.alarm().isEmpty() == before.alarm().isEmpty()
        ? null
        : next;
  }

  /// As compared last.
  public synchronized Verdict verdict() {
    return verdict;
  }
}
