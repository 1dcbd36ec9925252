package carpool.replicator.nbd;

import carpool.replicator.block.BlockDevice;
import java.util.List;

/// A lookup of one export that can be refused.
final class OneExport implements ExportLookup {
  private final String name;
  private volatile Found found;

  OneExport(String name, BlockDevice device) {
    this.name = name;
    found = new Found.Served(device, "a device of the tests");
  }

  void become(Found next) {
    found = next;
  }

  @Override
  public List<String> names() {
    return List.of(name);
  }

  @Override
  public Found find(String asked) {
    return asked.equals(name) ? found : new Found.Unknown();
  }
}
