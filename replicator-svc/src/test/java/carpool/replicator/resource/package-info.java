/// Tests of the life of a resource.
@NullMarked
package carpool.replicator.resource;

import org.jspecify.annotations.NullMarked;
