/// The changes of role of all groups, and who wants to hear of them.
@NullMarked
package carpool.election.history;

import org.jspecify.annotations.NullMarked;
