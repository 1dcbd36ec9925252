@NullMarked
package carpool.election.core.wire;

import org.jspecify.annotations.NullMarked;
