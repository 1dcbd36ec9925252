package carpool.replicator.link;

import com.ning.compress.lzf.ChunkDecoder;
import com.ning.compress.lzf.ChunkEncoder;
import com.ning.compress.lzf.LZFEncoder;
import com.ning.compress.lzf.LZFException;
import com.ning.compress.lzf.util.ChunkDecoderFactory;
import com.ning.compress.lzf.util.ChunkEncoderFactory;
import java.nio.ByteBuffer;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Packs or unpacks payloads, one at a time, with buffers of its own. What comes over the wire is
/// unpacked by the libraries' variants without native code and without `Unsafe`, which check every
/// array access. LZ4 packs by the native library where it can be loaded: the one in Java makes a
/// table of 16 KiB for every payload.
final class Packer {
  /// Shorter payloads go as they are (HAST's limit for LZF).
  static final int SHORTEST_BYTES = 1024;

  /// Loaded when the first payload is packed by LZ4.
  private static final class Lz4 {
    static final LZ4Compressor COMPRESSOR = compressor();

    private static LZ4Compressor compressor() {
      try {
        return LZ4Factory.nativeInstance().fastCompressor();
      } catch (LinkageError | AssertionError | RuntimeException e) {
        LOG.info("LZ4 is packed by Java code, its native library is not usable: {}", e.toString());
        return LZ4Factory.safeInstance().fastCompressor();
      }
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(Packer.class);

  /// Asked for once: the factory answers under a lock of the whole process.
  private static final LZ4SafeDecompressor LZ4_UNPACKER =
      LZ4Factory.safeInstance().safeDecompressor();

  private final byte[] plain = new byte[BlockConnection.PAYLOAD_MAX_BYTES];
  // LZ4 needs the length and 1/255 of it, LZF 5 bytes for each chunk and a byte for each 32.
  private final byte[] packed =
      new byte[BlockConnection.PAYLOAD_MAX_BYTES + BlockConnection.PAYLOAD_MAX_BYTES / 16];
  private final ChunkDecoder lzfDecoder = ChunkDecoderFactory.safeInstance();
  private @Nullable ChunkEncoder lzfEncoder;

  /// Packs a payload (from position to limit; unchanged) into `out`, which has to have as much room
  /// as the payload is long. False when that saves less than an eighth; `out` is unchanged then.
  boolean pack(Compression how, ByteBuffer payload, ByteBuffer out) {
    int length = payload.remaining();
    if (length < SHORTEST_BYTES) {
      return false;
    }
    payload.get(payload.position(), plain, 0, length);
    int end =
        switch (how) {
          case NONE, HOLE -> length;
          case LZF -> LZFEncoder.appendEncoded(lzfEncoder(), plain, 0, length, packed, 0);
          case LZ4 -> Lz4.COMPRESSOR.compress(plain, 0, length, packed, 0, packed.length);
        };
    if (end > length - length / 8) {
      return false;
    }
    out.put(packed, 0, end);
    return true;
  }

  private ChunkEncoder lzfEncoder() {
    var encoder = lzfEncoder;
    if (encoder == null) {
      encoder = ChunkEncoderFactory.safeNonAllocatingInstance(64 << 10);
      lzfEncoder = encoder;
    }
    return encoder;
  }

  /// Room for a packed payload that comes in.
  ///
  /// @param length at most [BlockConnection#PAYLOAD_MAX_BYTES]
  ByteBuffer packed(int length) {
    return ByteBuffer.wrap(packed, 0, length);
  }

  /// Unpacks what is in the buffer of [#packed] into `out`, whose remaining bytes it must fill.
  ///
  /// @throws ProtocolException when it is malformed or of another length; nothing was put then
  void unpack(Compression how, int packedLength, ByteBuffer out) throws ProtocolException {
    int length = out.remaining();
    int found;
    try {
      found =
          switch (how) {
            case NONE, HOLE -> throw new ProtocolException("a payload packed by " + how);
            case LZF -> {
              if (ChunkDecoder.calculateUncompressedSize(packed, 0, packedLength) != length) {
                throw new ProtocolException("an LZF payload of another length");
              }
              yield lzfDecoder.decode(packed, 0, packedLength, plain);
            }
            case LZ4 -> LZ4_UNPACKER.decompress(packed, 0, packedLength, plain, 0, length);
          };
    } catch (LZFException | LZ4Exception | IndexOutOfBoundsException e) {
      throw new ProtocolException("a malformed " + how + " payload");
    }
    if (found != length) {
      throw new ProtocolException("an " + how + " payload of another length");
    }
    out.put(plain, 0, length);
  }
}
