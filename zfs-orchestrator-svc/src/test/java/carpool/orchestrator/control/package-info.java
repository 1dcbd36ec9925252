@NullMarked
package carpool.orchestrator.control;

import org.jspecify.annotations.NullMarked;
