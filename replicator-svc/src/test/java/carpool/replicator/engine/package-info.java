/// Tests of the engine.
@NullMarked
package carpool.replicator.engine;

import org.jspecify.annotations.NullMarked;
