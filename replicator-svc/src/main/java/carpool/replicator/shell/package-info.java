/// Runs the cores: the only place that knows store, link, NBD server and device nodes.
@NullMarked
package carpool.replicator.shell;

import org.jspecify.annotations.NullMarked;
