/// Tests of the shell of a group.
@NullMarked
package carpool.election.group;

import org.jspecify.annotations.NullMarked;
