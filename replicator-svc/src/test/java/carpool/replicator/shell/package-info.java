/// Parts of the shell with real files.
@NullMarked
package carpool.replicator.shell;

import org.jspecify.annotations.NullMarked;
