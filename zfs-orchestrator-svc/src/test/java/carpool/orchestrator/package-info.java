@NullMarked
package carpool.orchestrator;

import org.jspecify.annotations.NullMarked;
