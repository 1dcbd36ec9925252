package carpool.replicator.engine;

import carpool.replicator.core.layout.Metadata;
import carpool.replicator.link.BlockConnection;
import carpool.replicator.store.LocalProvider;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// This node's version of each block that a verification found different, in the state directory:
/// the other node keeps its own. Nothing tells which of the two is right, and a repair overwrites
/// one of them.
///
/// A file is named by the offset of its block in the resource, and `.1`, `.2` … for later versions.
final class KeptVersions {
  /// 64 MiB; more is no silent corruption but a copy that is not one.
  static final int FILES_MAX = 1024;

  private static final int VERSIONS_MAX = 8;
  private static final int BLOCK_BYTES = BlockConnection.DIGEST_BLOCK_BYTES;
  private static final Logger LOG = LoggerFactory.getLogger(KeptVersions.class);

  private final Path directory;

  KeptVersions(Path stateDir, String resource) {
    directory =
        stateDir.resolve("verify").resolve(URLEncoder.encode(resource, StandardCharsets.UTF_8));
  }

  /// Keeps the blocks of a range that differ.
  ///
  /// @param coveredBytes length of the range that was compared
  /// @param differentMask bit i: the block that ends i blocks before the end of the range differs
  void keep(
      LocalProvider provider,
      Metadata metadata,
      long offset,
      int coveredBytes,
      long differentMask) {
    long blocks = (coveredBytes - 1L) / BLOCK_BYTES + 1;
    for (int i = 0; i < Math.min(64, blocks); i++) {
      if ((differentMask & 1L << i) != 0) {
        long start = offset + (blocks - 1 - i) * BLOCK_BYTES;
        long length = Math.min(BLOCK_BYTES, metadata.dataSizeBytes() - start);
        if (length > 0) {
          keepOne(provider, metadata, start, (int) length);
        }
      }
    }
  }

  private void keepOne(LocalProvider provider, Metadata metadata, long offset, int length) {
    try {
      var block = ByteBuffer.allocateDirect(length);
      provider.read(block, metadata.offsetBytes() + offset);
      var bytes = new byte[length];
      block.flip().get(bytes);
      var file = write(offset, bytes);
      LOG.warn(
          "resource={} verify: {} bytes at {} differ between the nodes; kept in {}",
          metadata.resource(),
          length,
          offset,
          file);
    } catch (IOException e) {
      LOG.error(
          "resource={} verify: {} bytes at {} differ between the nodes; not kept: {}",
          metadata.resource(),
          length,
          offset,
          e.getMessage());
    }
  }

  private Path write(long offset, byte[] bytes) throws IOException {
    Files.createDirectories(directory);
    for (int version = 0; version < VERSIONS_MAX; version++) {
      var file = directory.resolve(version == 0 ? "" + offset : offset + "." + version);
      if (!Files.exists(file)) {
        try (var files = Files.list(directory)) {
          if (files.count() >= FILES_MAX) {
            throw new IOException(directory + " holds " + FILES_MAX + " blocks: remove old ones");
          }
        }
        try (var out =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
          var from = ByteBuffer.wrap(bytes);
          while (from.hasRemaining()) {
            out.write(from);
          }
          out.force(true);
        }
        return file;
      }
      if (Arrays.equals(Files.readAllBytes(file), bytes)) {
        return file;
      }
    }
    throw new IOException(directory + " holds " + VERSIONS_MAX + " versions of this block");
  }
}
