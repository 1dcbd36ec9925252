/// What the tests of the services share.
@NullMarked
package carpool.kit.testing;

import org.jspecify.annotations.NullMarked;
