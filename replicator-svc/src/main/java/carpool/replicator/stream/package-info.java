/// Byte streams under the NBD server and the link to the peer: plain sockets, and TLS over them.
@NullMarked
package carpool.replicator.stream;

import org.jspecify.annotations.NullMarked;
