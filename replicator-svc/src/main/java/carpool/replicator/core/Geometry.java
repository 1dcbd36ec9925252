package carpool.replicator.core;

/// Sizes that the core, its surroundings and the wire have to agree on, in bytes.
public final class Geometry {
  /// Granularity of what is known to differ, and of digests.
  public static final int BLOCK_BYTES = 64 << 10;

  /// A slot's buffer, and so the largest payload of a frame.
  public static final int CHUNK_MAX_BYTES = 128 << 10;

  /// A digest of a block (SHA-256).
  public static final int DIGEST_BYTES = 32;

  private Geometry() {}
}
