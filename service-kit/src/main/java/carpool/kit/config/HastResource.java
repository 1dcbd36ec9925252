package carpool.kit.config;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// One resource of hast.conf with everything inherited filled in.
///
/// @param timeout network timeout, at least 1 s
/// @param exec program called on events, with the original's arguments
/// @param local this node's component
/// @param others the components of the other `on` sections, in file order; one in a pair, none when
///   the resource lives on this node only
public record HastResource(
    String name,
    ReplicationMode replication,
    Checksum checksum,
    Compression compression,
    Duration timeout,
    Optional<String> exec,
    Component local,
    List<Component> others) {

  /// The peer's component: the first of the others.
  public Optional<Component> peer() {
    return others.stream().findFirst();
  }

  /// One copy of the data, as its node sees it.
  ///
  /// @param node the word after `on`
  /// @param provname name of the exported device
  /// @param path of the local provider: a disk or a file
  /// @param remote where that node finds its peer; empty for `remote none`
  /// @param source address that node connects from; empty: the kernel chooses
  /// @param metaflush whether metadata writes are flushed
  public record Component(
      NodeName node,
      String provname,
      String path,
      Optional<HastAddress> remote,
      Optional<HastAddress> source,
      boolean metaflush) {}

  /// When a write counts as done.
  public enum ReplicationMode {
    FULLSYNC,
    MEMSYNC,
    ASYNC
  }

  /// Of the data on the wire. CRC32C is an addition of carpool.
  public enum Checksum {
    NONE,
    CRC32,
    CRC32C,
    SHA256
  }

  /// Of the data on the wire. LZ4 is an addition of carpool.
  public enum Compression {
    NONE,
    HOLE,
    LZF,
    LZ4
  }
}
