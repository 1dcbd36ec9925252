@NullMarked
package carpool.kit;

import org.jspecify.annotations.NullMarked;
