/// The replication state machine of one resource: events in, effects out; no clock, no I/O.
@NullMarked
package carpool.replicator.core;

import org.jspecify.annotations.NullMarked;
