@NullMarked
package carpool.sim.pair;

import org.jspecify.annotations.NullMarked;
