@NullMarked
package carpool.kit.loop;

import org.jspecify.annotations.NullMarked;
