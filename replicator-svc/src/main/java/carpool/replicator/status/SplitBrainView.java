package carpool.replicator.status;

import carpool.replicator.core.Negotiation;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.peer.rpc.SplitSide;
import carpool.replicator.resource.ResourceNode;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A split brain that waits for a decision.
///
/// @param detectedUnixMillis when this process found it; 0 = unknown
/// @param peer null when the peer was not met since this process started
public record SplitBrainView(long detectedUnixMillis, SplitSide local, @Nullable SplitSide peer) {

  /// Nothing tells what differs: every block of the side that is not kept is overwritten.
  public boolean everyBlock() {
    return peer != null && !Negotiation.leftTheSameGeneration(local.identity(), peer.identity());
  }

  /// Empty when there is none.
  public static Optional<SplitBrainView> of(ResourceNode node) {
    var engine = node.engine();
    if (engine == null || !engine.ask(ReplicationCore::splitBrain)) {
      return Optional.empty();
    }
    var counters = node.counters();
    var local =
        engine.ask(core ->
            new SplitSide(
                node.nodeName(),
                core.role(),
                core.disk(),
                core.identity(),
                core.differentBytes(),
                core.markedExtents(),
                counters.aloneSinceUnixMillis,
                counters.lastWriteUnixMillis));
    var facts = node.peerFacts();
    return Optional.of(
        new SplitBrainView(
            counters.splitBrainUnixMillis, local, facts == null ? null : facts.side()));
  }
}
