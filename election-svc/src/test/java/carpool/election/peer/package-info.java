/// Tests on real wires: network namespaces joined by a bridge, this service's own process, Debian's
/// ucarp, and tcpdump as the witness. Tag `peer`.
@NullMarked
package carpool.election.peer;

import org.jspecify.annotations.NullMarked;
