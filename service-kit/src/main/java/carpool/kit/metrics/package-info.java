/// The meter registry and its scrape endpoint.
@NullMarked
package carpool.kit.metrics;

import org.jspecify.annotations.NullMarked;
