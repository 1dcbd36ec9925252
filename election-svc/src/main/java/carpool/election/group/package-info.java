/// The shell of one CARP group: its loop, sockets, addresses and counters around the machine of
/// `core`. May use `history`, `control` (what it answers with), `address`, `link`, `raw` and
/// `core`.
@NullMarked
package carpool.election.group;

import org.jspecify.annotations.NullMarked;
