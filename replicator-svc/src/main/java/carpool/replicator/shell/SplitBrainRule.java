package carpool.replicator.shell;

import carpool.kit.config.HastResource;
import carpool.kit.config.ReplicatorSettings.SplitBrainPolicy;
import carpool.replicator.control.ProtoMapper;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.Role;
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
      PeerNews news,
      ResourceShell shell,
      HastResource resource,
      PeerHub.Meeting meeting,
      SplitSide theirs) {
    if (policy == SplitBrainPolicy.NONE || !shell.ask(ReplicationCore::splitBrain)) {
      return;
    }
    var metadata = shell.disk().metadata();
    try {
      var told = ProtoMapper.hello(meeting.sent(), metadata.dataSizeBytes());
      var ours = SplitSide.of(meeting.sent(), told.different(), metadata.extentSizeBytes());
      if (!ours.givesWay(policy, theirs)) {
        return;
      }
    } catch (IOException e) {
      throw new IllegalStateException("this node's own hello", e);
    }
    shell.step(core -> {
      if (core.splitBrain() && core.role() != Role.PRIMARY) {
        core.yieldToPeer();
      }
    });
    if (news.mayLog("split brain of " + resource.name())) {
      LOG.warn(
          "resource={} split brain: by the policy {} this copy gives way{}",
          resource.name(),
          policy,
          shell.ask(ReplicationCore::role) == Role.PRIMARY ? " when it is no longer primary" : "");
    }
  }
}
