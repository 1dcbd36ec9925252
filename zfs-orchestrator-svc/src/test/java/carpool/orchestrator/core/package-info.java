@NullMarked
package carpool.orchestrator.core;

import org.jspecify.annotations.NullMarked;
