/// Life of a resource: attach, roles, export and device, reload. May use `peer`, `nbd`, `device`,
/// `offline` and below. Start with [ResourceNode].
@NullMarked
package carpool.replicator.resource;

import org.jspecify.annotations.NullMarked;
