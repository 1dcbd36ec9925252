@NullMarked
package carpool.sim.carp;

import org.jspecify.annotations.NullMarked;
