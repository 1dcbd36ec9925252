/// A stand-in for a running node, for training and measuring the start of this program.
@NullMarked
package carpool.cli.rehearsal;

import org.jspecify.annotations.NullMarked;
