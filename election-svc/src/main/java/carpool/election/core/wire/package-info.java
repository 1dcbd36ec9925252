/// CARP version 2 packets: bytes to values and back, and the HMAC that covers some of them.
@NullMarked
package carpool.election.core.wire;

import org.jspecify.annotations.NullMarked;
