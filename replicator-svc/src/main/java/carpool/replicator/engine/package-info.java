/// Runs the core of one resource: the lock, the run queue, the executors of its effects, request
/// slots, pending replies. May use `core`, `store`, `block`. Start with [ResourceEngine].
@NullMarked
package carpool.replicator.engine;

import org.jspecify.annotations.NullMarked;
