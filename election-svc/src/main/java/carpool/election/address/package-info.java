/// The virtual addresses on the interface, and the record of which ones are ours.
@NullMarked
package carpool.election.address;

import org.jspecify.annotations.NullMarked;
