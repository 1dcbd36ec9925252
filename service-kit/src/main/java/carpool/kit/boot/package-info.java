/// Starting and stopping a service process: options, logs, injector, ordered start, signals,
/// readiness.
@NullMarked
package carpool.kit.boot;

import org.jspecify.annotations.NullMarked;
