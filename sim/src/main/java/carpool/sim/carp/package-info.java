/// Several CARP machines on lossy links, with skewed and pausing clocks, and a forger on the wire.
@NullMarked
package carpool.sim.carp;

import org.jspecify.annotations.NullMarked;
