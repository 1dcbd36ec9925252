@NullMarked
package carpool.election.raw;

import org.jspecify.annotations.NullMarked;
