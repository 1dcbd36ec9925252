/// Two whole nodes: replication, CARP and failover cores together, with their pool and a client.
@NullMarked
package carpool.sim.pair;

import org.jspecify.annotations.NullMarked;
