/// What a resource shows: snapshots, statistics, metrics. May use `resource` and below.
@NullMarked
package carpool.replicator.status;

import org.jspecify.annotations.NullMarked;
