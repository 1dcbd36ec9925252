/// Strict loading of carpool.yaml and hast.conf: every problem of both files in one go.
@NullMarked
package carpool.kit.config;

import org.jspecify.annotations.NullMarked;
