package carpool.replicator.core;

/// What a core says about its copy when a session starts; both sides compute the agreement from the
/// two hellos (`Negotiation`).
///
/// @param nodeName decides where nothing else does: the lower name goes first
/// @param role role of the sender
/// @param primaryTicks for how long the sender has been primary; 0 when it is not ([Tenure])
/// @param wasPrimary true when the sender found on its disk that it was primary when it stopped
/// @param disk worth of the sender's copy
/// @param identity generation of the sender's copy
/// @param dataSizeBytes size of the device
/// @param proposedResuid random, not 0; used when the pair has no number yet
/// @param yields true when an operator named the other side as survivor of a split brain
/// @param different blocks that the sender knows may differ ([Differences#BLOCK_BYTES] each). The
///   receiver must not change it
public record Hello(
    String nodeName,
    Role role,
    int primaryTicks,
    boolean wasPrimary,
    DiskState disk,
    Identity identity,
    long dataSizeBytes,
    long proposedResuid,
    boolean yields,
    BlockSet different) {
  /// The same with another identity.
  Hello of(Identity other) {
    return new Hello(
        nodeName,
        role,
        primaryTicks,
        wasPrimary,
        disk,
        other,
        dataSizeBytes,
        proposedResuid,
        yields,
        different);
  }

  /// The sender's claim against another primary.
  Tenure tenure() {
    return new Tenure(nodeName, primaryTicks);
  }
}
