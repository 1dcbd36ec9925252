/// Tests of the byte streams.
@NullMarked
package carpool.replicator.stream;

import org.jspecify.annotations.NullMarked;
