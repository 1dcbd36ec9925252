package carpool.cli;

import java.util.ArrayList;
import java.util.List;

/// Our options as the sibling launchers take them.
final class OfflineOptions {

  private OfflineOptions() {}

  static List<String> of(Carpool options) {
    var arguments = new ArrayList<>(List.of("--config", options.config().toString()));
    options.node().ifPresent(node -> arguments.addAll(List.of("--node", node)));
    if (options.json()) {
      arguments.add("--json");
    }
    return arguments;
  }
}
