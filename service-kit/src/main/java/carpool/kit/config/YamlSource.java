package carpool.kit.config;

import org.yaml.snakeyaml.nodes.Node;

/// The file being read: where problems are noted, and who is asking.
record YamlSource(String file, HostIdentity host, Problems problems) {

  void report(Node at, String found, String allowed) {
    var mark = at.getStartMark();
    problems.add(file, mark.getLine() + 1, mark.getColumn() + 1, found, allowed);
  }
}
