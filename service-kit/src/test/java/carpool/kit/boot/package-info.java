@NullMarked
package carpool.kit.boot;

import org.jspecify.annotations.NullMarked;
