package carpool.cli;

import carpool.orchestrator.v1.GetStatusResponse;
import java.util.HashSet;
import java.util.List;

/// Operands of `carpool status`: names of resources, pools and election groups.
final class StatusFilter {
  private StatusFilter() {}

  /// What is named; no name, or `all`: everything.
  static GetStatusResponse only(List<String> names, GetStatusResponse status) {
    if (names.isEmpty() || names.getFirst().equals("all")) {
      return status;
    }
    var out =
        status.toBuilder()
            .clearGroups()
            .clearPools()
            .clearResources()
            .clearLastFailovers()
            .clearClientNetworks();
    var known = new HashSet<String>();
    for (var group : status.getGroupsList()) {
      known.add(group.getName());
      if (names.contains(group.getName())) {
        out.addGroups(group);
      }
    }
    for (var pool : status.getPoolsList()) {
      known.add(pool.getName());
      if (names.contains(pool.getName())) {
        out.addPools(pool);
      }
    }
    for (var resource : status.getResourcesList()) {
      known.add(resource.getName());
      if (names.contains(resource.getName())) {
        out.addResources(resource);
      }
    }
    for (var name : names) {
      if (!known.contains(name)) {
        throw new CliFailure(
            Exit.FAILED,
            "no resource, pool or group '"
                + name
                + "'; there are: "
                + String.join(", ", known.stream().sorted().toList()));
      }
    }
    return out.build();
  }
}
