package carpool.replicator.engine;

import carpool.replicator.core.Geometry;
import carpool.replicator.store.LocalProvider;
import carpool.replicator.store.ProviderException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/// Reads chunks for a synchronisation, finds zeroes and compares by digest. The digest is SHA-256:
/// two different blocks that are taken for equal would be a silent loss of data, so no weaker one
/// is used.
///
/// Offsets are those of the provider. Used by one thread at a time (the sync reader).
final class BlockComparer {
  private static final int BLOCK_BYTES = Geometry.BLOCK_BYTES;

  /// At most so much is read to find zeroes where no hole is known, so that a range is not locked
  /// for long.
  private static final int ZERO_READ_MAX_BYTES = 8 << 20;

  private static final ByteBuffer ZEROES =
      ByteBuffer.allocateDirect(Slots.BYTES).asReadOnlyBuffer();

  private final LocalProvider provider;
  private final MessageDigest sha256;

  BlockComparer(LocalProvider provider) {
    this.provider = provider;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has SHA-256
    }
  }

  /// What a comparison found; see `ReplicationCore.localCompared`.
  record Compared(int coveredBytes, long differentMask) {}

  /// Number of zero bytes at the start of the range, in whole blocks or all of it; when there are
  /// none, the first chunk is in the slot's buffer, and its digests in the slot if wanted.
  int scan(RequestSlot slot, long offset, int length, boolean digest) throws ProviderException {
    int zeroes = 0;
    int readLeft = ZERO_READ_MAX_BYTES;
    while (zeroes < length) {
      long end = zeroes + provider.holeBytes(offset + zeroes, length - zeroes);
      int hole = end >= length ? length : (int) (end - end % BLOCK_BYTES);
      if (hole > zeroes) {
        zeroes = hole;
        continue;
      }
      if (readLeft <= 0) {
        return zeroes;
      }
      ByteBuffer chunk;
      try {
        chunk = read(slot, offset + zeroes, Math.min(length - zeroes, Slots.BYTES));
      } catch (ProviderException e) {
        if (zeroes == 0) {
          throw e;
        }
        return zeroes; // whoever comes to that chunk hears of it
      }
      if (!isZero(chunk)) {
        if (zeroes == 0 && digest) {
          slot.digests(digests(chunk));
        }
        return zeroes;
      }
      zeroes += chunk.remaining();
      readLeft -= chunk.remaining();
    }
    return zeroes;
  }

  /// Compares the range with the digests in the slot, or with zeroes when there are none.
  Compared compare(RequestSlot slot, long offset, int length) throws ProviderException {
    if (slot.digests().hasRemaining()) {
      return compareDigests(slot, read(slot, offset, length));
    }
    int zeroes = scan(slot, offset, length, false);
    if (zeroes > 0) {
      return new Compared(zeroes, 0);
    }
    var chunk = slot.buffer().duplicate().position(0).limit(Math.min(length, Slots.BYTES));
    int at = 0;
    while (isZero(block(chunk, at))) {
      at += BLOCK_BYTES;
    }
    return new Compared(Math.min(at + BLOCK_BYTES, length), 1);
  }

  /// The same for a copy whose content cannot be relied on: equal is only what is a hole on both
  /// sides.
  Compared compareHoles(RequestSlot slot, long offset, int length) throws ProviderException {
    if (slot.digests().hasRemaining()) {
      return allDifferent(slot, length);
    }
    long hole = provider.holeBytes(offset, length);
    int zeroes = hole >= length ? length : (int) (hole - hole % BLOCK_BYTES);
    return zeroes > 0 ? new Compared(zeroes, 0) : allDifferent(slot, length);
  }

  /// The answer when the range cannot be read.
  static Compared allDifferent(RequestSlot slot, int length) {
    return slot.digests().hasRemaining()
        ? new Compared(length, -1)
        : new Compared(Math.min(length, BLOCK_BYTES), 1);
  }

  private Compared compareDigests(RequestSlot slot, ByteBuffer chunk) {
    var mine = digests(chunk);
    int blocks = mine.remaining() / Geometry.DIGEST_BYTES;
    long mask = 0;
    for (int i = 0; i < blocks; i++) {
      int at = i * Geometry.DIGEST_BYTES;
      var theirs = slot.digests().slice(at, Geometry.DIGEST_BYTES);
      if (!theirs.equals(mine.slice(at, Geometry.DIGEST_BYTES))) {
        mask |= 1L << (blocks - 1 - i);
      }
    }
    return new Compared(chunk.remaining(), mask);
  }

  private ByteBuffer read(RequestSlot slot, long offset, int length) throws ProviderException {
    var buffer = slot.buffer().clear().limit(length);
    provider.read(buffer, offset);
    return buffer.flip();
  }

  private ByteBuffer digests(ByteBuffer chunk) {
    int blocks = (chunk.remaining() - 1) / BLOCK_BYTES + 1;
    var out = ByteBuffer.allocate(blocks * Geometry.DIGEST_BYTES);
    for (int at = 0; at < chunk.remaining(); at += BLOCK_BYTES) {
      sha256.update(block(chunk, at));
      out.put(sha256.digest());
    }
    return out.flip();
  }

  private static ByteBuffer block(ByteBuffer chunk, int at) {
    return chunk.slice(at, Math.min(BLOCK_BYTES, chunk.remaining() - at));
  }

  private static boolean isZero(ByteBuffer data) {
    return data.mismatch(ZEROES.slice(0, data.remaining())) < 0;
  }
}
