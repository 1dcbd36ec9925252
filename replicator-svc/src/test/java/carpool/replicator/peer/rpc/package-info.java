/// Tests of the handshake.
@NullMarked
package carpool.replicator.peer.rpc;

import org.jspecify.annotations.NullMarked;
