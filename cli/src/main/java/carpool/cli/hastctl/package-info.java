/// The command line of hastctl(8), so that scripts written for HAST run unchanged.
@NullMarked
package carpool.cli.hastctl;

import org.jspecify.annotations.NullMarked;
