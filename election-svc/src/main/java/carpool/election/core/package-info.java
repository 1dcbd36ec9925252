/// The CARP machine of one group: events in, effects out. No clock, no socket, no thread.
@NullMarked
package carpool.election.core;

import org.jspecify.annotations.NullMarked;
