@NullMarked
package carpool.replicator;

import org.jspecify.annotations.NullMarked;
