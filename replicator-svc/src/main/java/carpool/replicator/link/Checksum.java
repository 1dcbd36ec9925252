package carpool.replicator.link;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/// What covers a frame, header and payload, and follows it on the wire.
public enum Checksum {
  NONE(0),
  CRC32(4),
  CRC32C(4),
  SHA256(32);

  private final int bytes;

  Checksum(int bytes) {
    this.bytes = bytes;
  }

  /// Length on the wire.
  public int bytes() {
    return bytes;
  }

  /// Writes the checksum of header and payload (from position to limit; unchanged) into `out`.
  void compute(ByteBuffer header, ByteBuffer payload, ByteBuffer out) {
    switch (this) {
      case NONE -> {}
      case CRC32 -> {
        var crc = new CRC32();
        crc.update(header.duplicate());
        crc.update(payload.duplicate());
        out.putInt((int) crc.getValue());
      }
      case CRC32C -> {
        var crc = new CRC32C();
        crc.update(header.duplicate());
        crc.update(payload.duplicate());
        out.putInt((int) crc.getValue());
      }
      case SHA256 -> {
        try {
          var digest = MessageDigest.getInstance("SHA-256");
          digest.update(header.duplicate());
          digest.update(payload.duplicate());
          out.put(digest.digest());
        } catch (NoSuchAlgorithmException e) {
          throw new IllegalStateException(e); // every Java has SHA-256
        }
      }
    }
  }
}
