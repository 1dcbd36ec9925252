package carpool.replicator.core.witness;

/// The session with the peer, as this node believes in it.
///
/// @param openedNanos since when
public record PeerSession(SyncState sync, long openedNanos) {
  PeerSession with(SyncState next) {
    return new PeerSession(next, openedNanos);
  }
}
