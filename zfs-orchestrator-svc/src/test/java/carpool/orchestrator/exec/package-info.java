@NullMarked
package carpool.orchestrator.exec;

import org.jspecify.annotations.NullMarked;
