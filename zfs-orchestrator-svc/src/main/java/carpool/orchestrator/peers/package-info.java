/// gRPC clients of this node's replicator and election.
@NullMarked
package carpool.orchestrator.peers;

import org.jspecify.annotations.NullMarked;
