package carpool.replicator.quorum;

import carpool.replicator.core.witness.Permission;
import carpool.replicator.core.witness.Standing;
import carpool.replicator.core.witness.WitnessView;
import carpool.replicator.witness.ProbeAnswer.Probe;
import carpool.replicator.witness.WitnessFailure;
import org.jspecify.annotations.Nullable;

/// The witness and the rule of one pool at one moment, for people and metrics.
///
/// @param failure why the witness did not answer last; null when it did, or was not asked yet
/// @param sinceUnixMillis since when it answers, or not; 0: not asked yet
/// @param answeredUnixMillis its last answer; 0: none yet
/// @param probe the last one that was answered
/// @param view the record as it was read last; null: not read yet
/// @param incarnation which this node trusts; 0: none is agreed, and everything is as without a
///   witness
/// @param peerTakesPart false: the peer has said that it has no witness for this pool
/// @param heldNanos for how long clients have been held; 0 when they are not
/// @param trouble what this node would do and cannot; empty when nothing
public record QuorumStatus(
    String pool,
    @Nullable WitnessFailure failure,
    long sinceUnixMillis,
    long answeredUnixMillis,
    @Nullable Probe probe,
    @Nullable WitnessView view,
    String writer,
    long writtenUnixMillis,
    long incarnation,
    boolean peerTakesPart,
    Standing standing,
    Permission permission,
    long heldNanos,
    boolean unvouched,
    String onLoss,
    String trouble) {

  /// The witness answered when it was asked last.
  public boolean reachable() {
    return failure == null && answeredUnixMillis != 0;
  }

  /// The record is that of another incarnation than the one that the nodes agreed on.
  public boolean foreign() {
    return view != null && view.revision() != 0 && view.incarnation() != incarnation;
  }
}
