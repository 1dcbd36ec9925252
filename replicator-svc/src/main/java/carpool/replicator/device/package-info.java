/// Makes the export a device node of this machine, on the primary only.
@NullMarked
package carpool.replicator.device;

import org.jspecify.annotations.NullMarked;
