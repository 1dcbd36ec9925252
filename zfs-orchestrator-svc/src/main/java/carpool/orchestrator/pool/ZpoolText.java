package carpool.orchestrator.pool;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Parsers of what zpool prints, of OpenZFS and of zfs-fuse. Formats:
/// openzfs/zfs:man/man8/zpool-list.8, zpool-status.8, zpool-import.8; recorded outputs are in the
/// tests.
final class ZpoolText {

  /// One row of `zpool list -H -o name,…`.
  record Row(String name, List<String> values) {}

  /// One pool that `zpool import` offers.
  record Offer(String name, String guid, String state, String status) {}

  /// `zpool status`: the pool's state, and the sentence behind `status:`, empty when there is none.
  record Status(String state, String status, boolean suspended) {}

  /// A file system of a pool, as its properties say.
  ///
  /// @param keystatus available, unavailable, `-` or none; empty where ZFS does not know it
  record Dataset(
      String name, String canmount, String mountpoint, String mounted, String keystatus) {
    /// Its properties say that it is mounted whenever the pool is imported, and it is not.
    boolean missing() {
      return canmount.equals("on") && mountpoint.startsWith("/") && mounted.equals("no");
    }

    /// It is encrypted, should be mounted, and its key is not loaded.
    boolean locked() {
      return missing() && keystatus.equals("unavailable");
    }
  }

  private ZpoolText() {}

  /// The rows of `zfs list -H -o name,canmount,mountpoint,mounted[,keystatus]`.
  static List<Dataset> datasets(String text) {
    var datasets = new ArrayList<Dataset>();
    for (var line : text.lines().toList()) {
      var cells = List.of(line.split("\t", -1));
      if (cells.size() == 4 || cells.size() == 5) {
        datasets.add(
            new Dataset(
                cells.get(0),
                cells.get(1),
                cells.get(2),
                cells.get(3),
                cells.size() == 5 ? cells.get(4) : ""));
      }
    }
    return List.copyOf(datasets);
  }

  /// Rows with tabs between the columns; anything else (a sentence such as "no pools available") is
  /// no row.
  static List<Row> rows(String text, int columns) {
    var rows = new ArrayList<Row>();
    for (var line : text.lines().toList()) {
      var cells = List.of(line.split("\t", -1));
      if (cells.size() == columns) {
        rows.add(new Row(cells.getFirst(), List.copyOf(cells.subList(1, columns))));
      }
    }
    return List.copyOf(rows);
  }

  /// The pools of `zpool import -d DIR` without a name.
  static List<Offer> offers(String text) {
    var offers = new ArrayList<Offer>();
    var name = "";
    var guid = "";
    var state = "";
    var status = "";
    for (var line : text.lines().toList()) {
      var key = key(line);
      if (key.isEmpty()) {
        continue;
      }
      var value = value(line);
      switch (key.get()) {
        case "pool" -> {
          if (!name.isEmpty()) {
            offers.add(new Offer(name, guid, state, status));
          }
          name = value;
          guid = "";
          state = "";
          status = "";
        }
        case "id" -> guid = value;
        case "state" -> state = value;
        case "status" -> status = value;
        default -> {}
      }
    }
    if (!name.isEmpty()) {
      offers.add(new Offer(name, guid, state, status));
    }
    return List.copyOf(offers);
  }

  /// The head of `zpool status NAME`.
  static Status status(String text) {
    var state = "";
    var status = "";
    for (var line : text.lines().toList()) {
      var key = key(line);
      if (key.isPresent() && key.get().equals("state") && state.isEmpty()) {
        state = value(line);
      } else if (key.isPresent() && key.get().equals("status") && status.isEmpty()) {
        status = value(line);
      }
    }
    // OpenZFS says SUSPENDED itself; zfs-fuse and older ones only in this sentence (ZFS-8000-HC,
    // JQ).
    var suspended =
        state.equals("SUSPENDED")
            || status.startsWith("One or more devices are faulted in response to IO failures");
    return new Status(state, status, suspended);
  }

  /// ` pool: zhast` has the key `pool`; continued lines begin with a tab and have none.
  private static Optional<String> key(String line) {
    var colon = line.indexOf(':');
    if (colon <= 0 || line.startsWith("\t")) {
      return Optional.empty();
    }
    var key = line.substring(0, colon).strip();
    return key.matches("[a-z]+") ? Optional.of(key) : Optional.empty();
  }

  private static String value(String line) {
    return line.substring(line.indexOf(':') + 1).strip();
  }
}
