/// How results look: pages and tables for people, JSON for programs, the original's own forms.
@NullMarked
package carpool.cli.output;

import org.jspecify.annotations.NullMarked;
