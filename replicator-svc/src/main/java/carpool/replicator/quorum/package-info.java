/// Who may serve a pool that has a witness: runs [carpool.replicator.core.witness.WitnessMachine]
/// for each pool, over the engines of its resources, the records in the witness and the calls
/// between the two nodes. Decides nothing by itself (docs/witness.md).
@NullMarked
package carpool.replicator.quorum;

import org.jspecify.annotations.NullMarked;
