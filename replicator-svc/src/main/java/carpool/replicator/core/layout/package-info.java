/// Bytes of the metadata area and values; no file access.
@NullMarked
package carpool.replicator.core.layout;

import org.jspecify.annotations.NullMarked;
