@NullMarked
package carpool.orchestrator.network;

import org.jspecify.annotations.NullMarked;
