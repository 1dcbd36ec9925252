package carpool.replicator.link;

/// How the payload of a write is made shorter. Every frame says what was done to it, so a receiver
/// needs no setting and undoes what it finds.
public enum Compression {
  NONE,
  /// Payloads of zeroes are left out.
  HOLE,
  /// [#HOLE], and LZF (the block format of `compress-lzf`: chunks of at most 64 KiB).
  LZF,
  /// [#HOLE], and LZ4's block format.
  LZ4
}
