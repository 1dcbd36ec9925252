@NullMarked
package carpool.cli.hastctl;

import org.jspecify.annotations.NullMarked;
