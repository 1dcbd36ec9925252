/// Two real replicators on two loopback addresses, with file providers.
@NullMarked
package carpool.replicator.pair;

import org.jspecify.annotations.NullMarked;
