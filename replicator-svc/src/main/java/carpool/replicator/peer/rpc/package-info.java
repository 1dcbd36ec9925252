/// The handshake and the questions between the replicators of a pair (gRPC), incoming and outgoing
/// sessions, reconnect. May use `peer.session` and below. Start with [PeerSessions].
@NullMarked
package carpool.replicator.peer.rpc;

import org.jspecify.annotations.NullMarked;
