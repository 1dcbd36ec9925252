package carpool.sim.pair;

import carpool.orchestrator.core.ClientNetworkRule;
import carpool.orchestrator.core.ClientNetworkRule.Verdict;
import carpool.orchestrator.core.ClientSight;
import carpool.orchestrator.core.ResourceFacts;
import carpool.orchestrator.core.SightTrack;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The twin of what the orchestrator's shell does for the clients' network: samples once a second,
/// and every two seconds a note for the other node and a look at the other's.
final class SimClientNetwork {
  private static final long SAMPLE_MICROS = 1_000_000;
  private static final long LOOK_MICROS = 2_000_000;
  private static final long NOTE_AGE_MAX_NANOS = 10_000_000_000L;
  private static final long HEARD_MICROS = 3_000_000;

  private final GroupSide group;
  private final PairNode node;
  private final WholePairWorld world;
  private final Consumer<String> onLost;
  private SightTrack track;
  private ClientNetworkRule rule = new ClientNetworkRule();
  private Verdict verdict = Verdict.NOTHING;

  /// @param onLost told why this node has to give way, or empty
  SimClientNetwork(GroupSide group, Consumer<String> onLost) {
    this.group = group;
    this.node = group.node;
    this.world = node.world;
    this.onLost = onLost;
    this.track = new SightTrack(false);
  }

  void start() {
    track = new SightTrack(world.clients.named());
    rule = new ClientNetworkRule();
    verdict = Verdict.NOTHING;
    node.orchestrator.after(SAMPLE_MICROS, this::sample);
    node.orchestrator.after(LOOK_MICROS, this::look);
  }

  private void sample() {
    track.sampled(
        world.time.nowMicros() * 1000,
        world.clients.asked(),
        group.linked() && world.clients.answers(node.index),
        world.clients.received(node.index));
    node.orchestrator.after(SAMPLE_MICROS, this::sample);
  }

  private ClientSight sight() {
    long now = world.time.nowMicros() * 1000;
    return new ClientSight(
        group.carp() == carpool.orchestrator.core.Carp.MASTER,
        !verdict.lost().isEmpty(),
        track.evidence(),
        track.silentNanos(now),
        track.cut(now),
        track.evidence().name());
  }

  private void look() {
    if (node.replicator.running()) {
      group.clientNote = new Note(sight(), world.time.nowMicros());
    }
    var next =
        rule.look(
            world.time.nowMicros() * 1000, sight(), peer(), node.peer().name, peerAble(), heard());
    if (!next.lost().equals(verdict.lost())) {
      world.log(node.name, next.lost().isEmpty() ? "has its clients again" : next.lost());
      onLost.accept(next.lost());
    }
    verdict = next;
    node.orchestrator.after(LOOK_MICROS, this::look);
  }

  /// What was left at a replicator is gone with its process.
  record Note(ClientSight sight, long leftMicros) {}

  private @Nullable ClientSight peer() {
    var note = group.peer().clientNote;
    if (note == null
        || !node.replicator.running()
        || !node.peer().replicator.running()
        || !world.resources.getFirst().link().up()) {
      return null;
    }
    long age = (world.time.nowMicros() - note.leftMicros()) * 1000;
    return age > NOTE_AGE_MAX_NANOS ? null : note.sight().aged(age);
  }

  private static boolean peerAble(PoolSide side) {
    List<ResourceFacts> told = side.mind.told();
    return !told.isEmpty() && told.stream().allMatch(ResourceFacts::peerAble);
  }

  private boolean peerAble() {
    return group.moving().stream().allMatch(SimClientNetwork::peerAble);
  }

  private boolean heard() {
    long heard = group.heardMicros();
    return heard >= 0 && world.time.nowMicros() - heard <= HEARD_MICROS;
  }
}
