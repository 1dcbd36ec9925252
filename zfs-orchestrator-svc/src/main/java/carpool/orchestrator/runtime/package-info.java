/// The shell of a pool: its loop, its steps, the proof that it lives. May use `demotion` and
/// `history`.
@NullMarked
package carpool.orchestrator.runtime;

import org.jspecify.annotations.NullMarked;
