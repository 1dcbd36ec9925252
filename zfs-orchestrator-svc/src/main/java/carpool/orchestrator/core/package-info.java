/// From CARP state to a served pool and back: the machine of one pool, without clock, process or
/// socket.
@NullMarked
package carpool.orchestrator.core;

import org.jspecify.annotations.NullMarked;
