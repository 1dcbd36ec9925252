/// Why this node is worse than the other one, and that the election is told. May use `history`.
@NullMarked
package carpool.orchestrator.demotion;

import org.jspecify.annotations.NullMarked;
