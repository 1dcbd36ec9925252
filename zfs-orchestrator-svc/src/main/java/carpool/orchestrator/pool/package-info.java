/// What is true of a pool on this machine, and the commands that change it.
@NullMarked
package carpool.orchestrator.pool;

import org.jspecify.annotations.NullMarked;
