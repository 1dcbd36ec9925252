/// Tests of the room `history`.
@NullMarked
package carpool.orchestrator.history;

import org.jspecify.annotations.NullMarked;
