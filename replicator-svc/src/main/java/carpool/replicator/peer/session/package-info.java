/// One session with the peer: frames of the core on the data connection, and its watch. May use
/// `engine`, `link` and below. Start with [PeerLink].
@NullMarked
package carpool.replicator.peer.session;

import org.jspecify.annotations.NullMarked;
