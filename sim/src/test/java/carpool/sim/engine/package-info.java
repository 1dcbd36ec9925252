@NullMarked
package carpool.sim.engine;

import org.jspecify.annotations.NullMarked;
