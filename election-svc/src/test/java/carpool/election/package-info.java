@NullMarked
package carpool.election;

import org.jspecify.annotations.NullMarked;
