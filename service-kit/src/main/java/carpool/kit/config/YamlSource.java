package carpool.kit.config;

import java.util.Optional;
import org.yaml.snakeyaml.nodes.Node;

/// The file being read: where problems are noted, and who is asking.
///
/// @param machine what the file is compared with; empty when it is not this machine's or when what
///   is missing may still come
record YamlSource(
    String file, HostIdentity host, Problems problems, Optional<LocalInterfaces> machine) {

  YamlSource(String file, HostIdentity host, Problems problems) {
    this(file, host, problems, Optional.empty());
  }

  void report(Node at, String found, String allowed) {
    var mark = at.getStartMark();
    problems.add(file, mark.getLine() + 1, mark.getColumn() + 1, found, allowed);
  }
}
