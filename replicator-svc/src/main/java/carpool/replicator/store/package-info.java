/// The local provider: positional I/O, flush, trim, the metadata area.
@NullMarked
package carpool.replicator.store;

import org.jspecify.annotations.NullMarked;
