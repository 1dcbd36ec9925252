@NullMarked
package carpool.cli;

import org.jspecify.annotations.NullMarked;
