package carpool.replicator.status;

import carpool.replicator.core.ClientRequests;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Phase;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.RefusalReason;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.Role;
import carpool.replicator.core.SyncProgress;
import carpool.replicator.device.DeviceNode;
import carpool.replicator.quorum.QuorumStatus;
import carpool.replicator.resource.ResourceNode;
import org.jspecify.annotations.Nullable;

/// A resource at one moment, for status.
///
/// @param core null in role init
/// @param peerSilentMillis since anything was heard of the peer, in this session or the last; -1
///   when never
/// @param oldestRequestMillis for which the peer has owed its oldest answer; 0 when it owes none
/// @param syncBytesPerSecond rate of the copying; 0 when unknown
/// @param witness of the resource's pool; null when none is configured
/// @param attachProblem why the provider is not attached; empty when it is
public record Snapshot(
    ResourceNode node,
    @Nullable Core core,
    DeviceNode.State device,
    int connections,
    long peerSilentMillis,
    long oldestRequestMillis,
    long syncBytesPerSecond,
    long sentBytes,
    long receivedBytes,
    String attachProblem,
    String refusalReason,
    String refusalText,
    String peerDigest,
    @Nullable QuorumStatus witness) {

  /// The core's part.
  public record Core(
      Role role,
      Phase phase,
      boolean complete,
      DiskState disk,
      Role peerRole,
      DiskState peerDisk,
      Identity identity,
      Verdict promotion,
      boolean fenced,
      boolean splitBrain,
      long dataSizeBytes,
      long extentSizeBytes,
      int keepdirty,
      long differentBytes,
      long markedExtents,
      SyncProgress sync,
      ClientRequests requests) {}

  /// Takes one.
  public static Snapshot of(ResourceNode node) {
    var engine = node.engine();
    Core core = null;
    var counters = node.counters();
    long silent = -1;
    long owed = 0;
    long sent = 0;
    long received = 0;
    var refusalReason = "";
    var refusalText = "";
    if (engine != null) {
      var metadata = engine.disk().metadata();
      core =
          engine.ask(c ->
              new Core(
                  c.role(),
                  c.phase(),
                  c.complete(),
                  c.disk(),
                  c.peerRole(),
                  c.peerDisk(),
                  c.identity(),
                  node.foresee(c.judgePromotion()),
                  c.fenced(),
                  c.splitBrain(),
                  metadata.dataSizeBytes(),
                  metadata.extentSizeBytes(),
                  metadata.keepdirty(),
                  c.differentBytes(),
                  c.markedExtents(),
                  c.syncProgress(),
                  c.clientRequests()));
      var refusal = engine.<@Nullable RefusalReason>ask(ReplicationCore::refusal);
      if (refusal != null) {
        refusalReason = refusal.name();
        refusalText = refusal.text();
      }
      var session = engine.peer();
      var traffic = session == null ? null : session.traffic();
      if (traffic != null) {
        counters.everMet = true;
        counters.lastContactNanos = traffic.lastReceivedNanos();
        owed = traffic.oldestRequestNanos() / 1_000_000;
        sent = traffic.sentBytes();
        received = traffic.receivedBytes();
      }
    }
    if (counters.everMet) {
      silent = (System.nanoTime() - counters.lastContactNanos) / 1_000_000;
    }
    var rule = node.quorum();
    var facts = node.peerFacts();
    if (refusalReason.isEmpty() && facts != null) {
      refusalReason = facts.refusalReason();
      refusalText = facts.refusalText();
    }
    return new Snapshot(
        node,
        core,
        node.deviceState(),
        node.connections(),
        silent,
        owed,
        node.syncRate().bytesPerSecond(),
        sent,
        received,
        node.attachProblem(),
        refusalReason,
        refusalText,
        facts == null ? "" : facts.configDigest(),
        rule == null ? null : rule.status());
  }
}
