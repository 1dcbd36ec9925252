/// Services and hooks: commands of the configuration.
@NullMarked
package carpool.orchestrator.services;

import org.jspecify.annotations.NullMarked;
