/// Metadata of providers that no core runs on: create and dump. May use `engine`, `store`, `core`.
@NullMarked
package carpool.replicator.offline;

import org.jspecify.annotations.NullMarked;
