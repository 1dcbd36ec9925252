/// Link state by netlink.
@NullMarked
package carpool.election.link;

import org.jspecify.annotations.NullMarked;
