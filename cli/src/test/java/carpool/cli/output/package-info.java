@NullMarked
package carpool.cli.output;

import org.jspecify.annotations.NullMarked;
