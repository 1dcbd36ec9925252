package carpool.replicator.shell;

import carpool.replicator.core.DiskState;
import carpool.replicator.core.Identity;
import carpool.replicator.core.Phase;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.RefusalReason;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.Role;
import carpool.replicator.core.SyncProgress;
import carpool.replicator.device.DeviceNode;
import org.jspecify.annotations.Nullable;

/// A resource at one moment, for status.
///
/// @param core null in role init
/// @param peerSilentMillis since anything was heard of the peer; -1 when not connected
/// @param syncBytesPerSecond rate of the copying; 0 when unknown
/// @param attachProblem why the provider is not attached; empty when it is
public record Snapshot(
    ResourceNode node,
    @Nullable Core core,
    DeviceNode.State device,
    int connections,
    long peerSilentMillis,
    long syncBytesPerSecond,
    long sentBytes,
    long receivedBytes,
    String attachProblem,
    String refusalReason,
    String refusalText,
    String peerDigest) {

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
      int activeWrites) {}

  /// Takes one.
  public static Snapshot of(ResourceNode node) {
    var shell = node.shell();
    Core core = null;
    long silent = -1;
    long sent = 0;
    long received = 0;
    var refusalReason = "";
    var refusalText = "";
    if (shell != null) {
      var metadata = shell.disk().metadata();
      core =
          shell.ask(c ->
              new Core(
                  c.role(),
                  c.phase(),
                  c.complete(),
                  c.disk(),
                  c.peerRole(),
                  c.peerDisk(),
                  c.identity(),
                  c.judgePromotion(),
                  c.fenced(),
                  c.splitBrain(),
                  metadata.dataSizeBytes(),
                  metadata.extentSizeBytes(),
                  metadata.keepdirty(),
                  c.differentBytes(),
                  c.markedExtents(),
                  c.syncProgress(),
                  c.activeWrites()));
      var refusal = shell.<@Nullable RefusalReason>ask(ReplicationCore::refusal);
      if (refusal != null) {
        refusalReason = refusal.name();
        refusalText = refusal.text();
      }
      var link = shell.link();
      var connection = link == null ? null : link.connection();
      if (connection != null) {
        silent = (System.nanoTime() - connection.lastReceivedNanos()) / 1_000_000;
        sent = connection.sentBytes();
        received = connection.receivedBytes();
      }
    }
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
        node.syncRate().bytesPerSecond(),
        sent,
        received,
        node.attachProblem(),
        refusalReason,
        refusalText,
        facts == null ? "" : facts.configDigest());
  }
}
