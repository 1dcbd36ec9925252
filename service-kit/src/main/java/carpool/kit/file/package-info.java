/// Files that outlive a process and a power cut.
@NullMarked
package carpool.kit.file;

import org.jspecify.annotations.NullMarked;
