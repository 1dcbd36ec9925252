/// What a node keeps: its last failovers, fail counts and the intents of operators. Knows `core`
/// and `control` only.
@NullMarked
package carpool.orchestrator.history;

import org.jspecify.annotations.NullMarked;
