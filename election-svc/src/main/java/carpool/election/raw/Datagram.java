package carpool.election.raw;

import carpool.election.core.wire.IpAddress;
import java.nio.ByteBuffer;

/// One packet of protocol 112.
///
/// @param ttl TTL or hop limit; -1 when the kernel did not say
/// @param payload what follows the IP header
public record Datagram(IpAddress source, IpAddress destination, int ttl, ByteBuffer payload) {}
