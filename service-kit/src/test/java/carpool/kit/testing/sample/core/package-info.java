/// Classes that keep and break the rules of a core, for the test of the rules.
@NullMarked
package carpool.kit.testing.sample.core;

import org.jspecify.annotations.NullMarked;
