/// The gRPC service of the election.
@NullMarked
package carpool.election.control;

import org.jspecify.annotations.NullMarked;
