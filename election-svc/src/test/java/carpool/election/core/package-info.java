@NullMarked
package carpool.election.core;

import org.jspecify.annotations.NullMarked;
