/// The gRPC service of the orchestrator.
@NullMarked
package carpool.orchestrator.control;

import org.jspecify.annotations.NullMarked;
