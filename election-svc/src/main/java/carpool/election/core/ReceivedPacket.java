package carpool.election.core;

import carpool.election.core.wire.IpAddress;
import java.nio.ByteBuffer;

/// A packet of protocol 112 as the kernel handed it over.
///
/// @param ttl TTL or hop limit, 0..255
/// @param payload what follows the IP header; not changed by anybody
public record ReceivedPacket(IpAddress source, IpAddress destination, int ttl, ByteBuffer payload) {

  /// The payload as bytes of its own.
  byte[] payloadBytes() {
    byte[] bytes = new byte[payload.remaining()];
    payload.get(payload.position(), bytes);
    return bytes;
  }
}
