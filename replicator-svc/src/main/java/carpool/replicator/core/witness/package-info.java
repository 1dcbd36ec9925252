/// The witness: which of two nodes that do not reach each other may serve a pool. Events in,
/// effects out; no clock, no I/O.
@NullMarked
package carpool.replicator.core.witness;

import org.jspecify.annotations.NullMarked;
