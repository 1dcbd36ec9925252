/// What is known of the clients' networks: pings, counters, routes.
@NullMarked
package carpool.orchestrator.network;

import org.jspecify.annotations.NullMarked;
