package carpool.election.core;

import carpool.election.core.wire.IpAddress;

/// Who advertised last that it is at least as good as this node.
///
/// @param heardNanos when
record BetterPeer(IpAddress source, long heardNanos) {

  /// Whether it is somebody else than `other`, and was heard less than `withinNanos` ago.
  boolean servesBeside(IpAddress other, long now, long withinNanos) {
    return !source.equals(other) && now - heardNanos < withinNanos;
  }
}
