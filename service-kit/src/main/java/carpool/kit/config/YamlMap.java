package carpool.kit.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;

/// A mapping whose keys are asked for one by one; [#rejectOthers()] then refuses the rest, so an
/// unknown key can never be forgotten in silence.
final class YamlMap {
  private final YamlSource source;
  private final Node node;
  private final String path;
  private final Map<String, YamlValue> entries = new LinkedHashMap<>();
  private final Map<String, Node> keys = new LinkedHashMap<>();
  private final TreeSet<String> known = new TreeSet<>();

  YamlMap(YamlSource source, MappingNode node, String path) {
    this.source = source;
    this.node = node;
    this.path = path;
    for (var tuple : node.getValue()) {
      if (!(tuple.getKeyNode() instanceof ScalarNode key)) {
        source.report(tuple.getKeyNode(), "a key that is not a word" + in(), "a word as key");
        continue;
      }
      var name = key.getValue();
      if (keys.containsKey(name)) {
        source.report(
            key,
            "key '" + name + "' a second time" + in(),
            "each key once; first in line " + (keys.get(name).getStartMark().getLine() + 1));
        continue;
      }
      keys.put(name, key);
      entries.put(name, new YamlValue(source, tuple.getValueNode(), child(name)));
    }
  }

  Node node() {
    return node;
  }

  /// The value of `key`, if the file has it.
  Optional<YamlValue> get(String key) {
    known.add(key);
    return Optional.ofNullable(entries.get(key));
  }

  /// The value of `key`; its absence is a problem.
  Optional<YamlValue> required(String key, String allowed) {
    var value = get(key);
    if (value.isEmpty()) {
      source.report(node, "no '" + key + "'" + in(), "'" + key + ": …' with " + allowed);
    }
    return value;
  }

  /// Every key with its value, in file order; marks all as known.
  Map<String, YamlValue> all() {
    known.addAll(entries.keySet());
    return entries;
  }

  Node keyNode(String key) {
    return Optional.ofNullable(keys.get(key)).orElse(node);
  }

  void rejectOthers() {
    keys.forEach((name, key) -> {
      if (!known.contains(name)) {
        source.report(
            key, "unknown key '" + name + "'" + in() + meant(name), String.join(", ", known));
      }
    });
  }

  private String meant(String name) {
    return closest(name, List.copyOf(known)).map(k -> " (did you mean '" + k + "'?)").orElse("");
  }

  private String in() {
    return path.isEmpty() ? "" : " in " + path;
  }

  private String child(String key) {
    return path.isEmpty() ? key : path + "." + key;
  }

  /// The candidate that differs from `word` by at most two letters, if there is one.
  static Optional<String> closest(String word, List<String> candidates) {
    var best = new ArrayList<String>();
    var bestDistance = 3;
    for (var candidate : candidates) {
      var distance = distance(word, candidate);
      if (distance < bestDistance && distance < candidate.length()) {
        best.clear();
        best.add(candidate);
        bestDistance = distance;
      }
    }
    return best.stream().findFirst();
  }

  private static int distance(String a, String b) {
    var previous = new int[b.length() + 1];
    for (var j = 0; j <= b.length(); j++) {
      previous[j] = j;
    }
    for (var i = 1; i <= a.length(); i++) {
      var current = new int[b.length() + 1];
      current[0] = i;
      for (var j = 1; j <= b.length(); j++) {
        var change = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        current[j] = Math.min(change, Math.min(previous[j], current[j - 1]) + 1);
      }
      previous = current;
    }
    return previous[b.length()];
  }
}
