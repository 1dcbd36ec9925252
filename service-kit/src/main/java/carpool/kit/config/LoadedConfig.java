package carpool.kit.config;

import java.nio.file.Path;

/// Both files, loaded and checked, from the point of view of `node`.
///
/// @param digest 64 hexadecimal digits over what both nodes must agree on; see [ConfigDigest]
public record LoadedConfig(
    Path file, CarpoolConfig config, HastConfig hast, NodeName node, String digest) {

  /// The same files with other settings in force.
  public LoadedConfig withConfig(CarpoolConfig other) {
    return new LoadedConfig(file, other, hast, node, digest);
  }
}
