@NullMarked
package carpool.sim;

import org.jspecify.annotations.NullMarked;
