/// The `carpool` command: a thin client of the three services.
@NullMarked
package carpool.cli;

import org.jspecify.annotations.NullMarked;
