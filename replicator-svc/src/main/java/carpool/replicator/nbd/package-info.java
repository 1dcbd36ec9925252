/// The NBD server: handshake, requests, replies (NBD proto.md; reference nbd.md).
@NullMarked
package carpool.replicator.nbd;

import org.jspecify.annotations.NullMarked;
