package carpool.replicator.nbd;

import carpool.replicator.block.BlockDevice;
import java.util.List;

/// Which exports there are, and which of them are served at this moment. Called by connection
/// threads; must not block.
public interface ExportLookup {
  /// Every export that could be asked for, served now or not. When there is exactly one, the empty
  /// name means it.
  List<String> names();

  /// What a client that asks for `name` gets.
  Found find(String name);

  /// The answer to a name.
  sealed interface Found {
    /// Served. A device must be the same object as long as it is the same device.
    ///
    /// @param description one line for people, may be empty
    record Served(BlockDevice device, String description) implements Found {}

    /// Not here, not now; the text reaches the client with ERR_POLICY. At most 1000 bytes.
    record Refused(String why) implements Found {}

    /// No such export.
    record Unknown() implements Found {}
  }
}
