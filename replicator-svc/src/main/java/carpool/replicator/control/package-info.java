/// The gRPC service.
@NullMarked
package carpool.replicator.control;

import org.jspecify.annotations.NullMarked;
