/// Tests of the room `demotion`.
@NullMarked
package carpool.orchestrator.demotion;

import org.jspecify.annotations.NullMarked;
