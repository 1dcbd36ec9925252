/// Numbers for people.
@NullMarked
package carpool.kit.text;

import org.jspecify.annotations.NullMarked;
