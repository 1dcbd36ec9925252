@NullMarked
package carpool.orchestrator.pool;

import org.jspecify.annotations.NullMarked;
