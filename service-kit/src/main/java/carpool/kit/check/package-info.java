/// Invariants that are checked in production too.
@NullMarked
package carpool.kit.check;

import org.jspecify.annotations.NullMarked;
