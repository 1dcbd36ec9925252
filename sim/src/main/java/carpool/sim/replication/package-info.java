/// Two replication cores, their disks, the link between them and a client.
@NullMarked
package carpool.sim.replication;

import org.jspecify.annotations.NullMarked;
