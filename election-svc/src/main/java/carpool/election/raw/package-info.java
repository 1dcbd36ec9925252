/// System calls and raw sockets through java.lang.foreign: advertisements, ARP and neighbour
/// frames.
@NullMarked
package carpool.election.raw;

import org.jspecify.annotations.NullMarked;
