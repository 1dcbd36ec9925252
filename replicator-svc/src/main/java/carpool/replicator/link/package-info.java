/// The peer session (gRPC) and the block connection (TCP).
@NullMarked
package carpool.replicator.link;

import org.jspecify.annotations.NullMarked;
