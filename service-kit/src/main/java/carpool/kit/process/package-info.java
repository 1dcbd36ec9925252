/// Programs that the services start.
@NullMarked
package carpool.kit.process;

import org.jspecify.annotations.NullMarked;
