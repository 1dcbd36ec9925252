@NullMarked
package carpool.election.address;

import org.jspecify.annotations.NullMarked;
