/// What a block device and those who use it say to each other, and how answers given together leave
/// together. Uses nothing of the replicator. Start with [BlockDevice].
@NullMarked
package carpool.replicator.block;

import org.jspecify.annotations.NullMarked;
