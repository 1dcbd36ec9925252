@NullMarked
package carpool.kit.config;

import org.jspecify.annotations.NullMarked;
