/// Two real engines with the real link between them, over simulated system calls and sockets, on
/// threads that take turns. Start with [EngineWorld].
@NullMarked
package carpool.sim.engine;

import org.jspecify.annotations.NullMarked;
