package carpool.replicator.peer.rpc;

import carpool.kit.config.HastResource;
import carpool.kit.config.ReplicatorSettings.SplitBrainPolicy;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.Role;
import carpool.replicator.engine.ResourceEngine;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Lets a side of a split brain give way when carpool.yaml says which.
final class SplitBrainRule {
  private static final Logger LOG = LoggerFactory.getLogger(SplitBrainRule.class);

  private SplitBrainRule() {}

  /// After both hellos were compared: `split-brain` of carpool.yaml may let this side give way.
  static void apply(
      SplitBrainPolicy policy,
      PeerStatus news,
      ResourceEngine engine,
      HastResource resource,
      PeerSessions.Meeting meeting,
      SplitSide theirs) {
    if (policy == SplitBrainPolicy.NONE || !engine.ask(ReplicationCore::splitBrain)) {
      return;
    }
    var metadata = engine.disk().metadata();
    try {
      var told = ProtoMapper.hello(meeting.sent(), metadata.dataSizeBytes());
      var ours = SplitSide.of(meeting.sent(), told.different(), metadata.extentSizeBytes());
      if (!ours.givesWay(policy, theirs)) {
        return;
      }
    } catch (IOException e) {
      throw new IllegalStateException("this node's own hello", e);
    }
    engine.step(core -> {
      if (core.splitBrain() && core.role() != Role.PRIMARY) {
        core.yieldToPeer();
      }
    });
    if (news.mayLog("split brain of " + resource.name())) {
      LOG.warn(
          "resource={} split brain: by the policy {} this copy gives way{}",
          resource.name(),
          policy,
          engine.ask(ReplicationCore::role) == Role.PRIMARY ? " when it is no longer primary" : "");
    }
  }
}
