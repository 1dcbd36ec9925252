/// The thread that owns one pure core: mailbox, timers, clock.
@NullMarked
package carpool.kit.loop;

import org.jspecify.annotations.NullMarked;
