/// Two nodes in containers, with real ZFS, and faults from outside.
@NullMarked
package carpool.deploy;

import org.jspecify.annotations.NullMarked;
