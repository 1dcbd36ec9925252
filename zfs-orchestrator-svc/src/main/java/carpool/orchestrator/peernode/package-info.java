/// What is decided with the other node: what it says, and moves by agreement. May use `runtime`,
/// `demotion` and `history`.
@NullMarked
package carpool.orchestrator.peernode;

import org.jspecify.annotations.NullMarked;
