package carpool.kit.config;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/// SHA-256 over what both nodes must agree on: the words of hast.conf, and carpool.yaml with its
/// keys sorted. Comments, layout and key order do not count. Left out are the places that may
/// differ between machines (directories, listeners, TLS files, log) and all secrets: the digest is
/// shown to everybody, and a guessed password must not be checkable against it.
final class ConfigDigest {
  private static final Set<String> LOCAL =
      Set.of(
          "hast",
          "runtime-dir",
          "state-dir",
          "device-dir",
          "device",
          "tls",
          "control",
          "metrics",
          "nbd",
          "log");
  private static final Set<String> SECRET = Set.of("password", "password-file", "key");

  /// Besides, its certificates: each machine keeps them where it likes.
  private static final Set<String> LOCAL_OF_WITNESS =
      Set.of("password", "password-file", "key", "tls");

  private ConfigDigest() {}

  static String of(Node yaml, String hastText) {
    var canonical = new StringBuilder();
    for (var token : new HastLexer("", hastText, new Problems()).tokens()) {
      canonical.append(token.text()).append('\n');
    }
    canonical.append("---\n");
    append(canonical, yaml, LOCAL);
    try {
      var sha = MessageDigest.getInstance("SHA-256");
      return HexFormat.of()
          .formatHex(sha.digest(canonical.toString().getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static void append(StringBuilder out, Node node, Set<String> leftOut) {
    switch (node) {
      case ScalarNode scalar -> quoted(out, scalar.getValue());
      case SequenceNode sequence -> {
        out.append('[');
        for (var element : sequence.getValue()) {
          append(out, element, SECRET);
          out.append(',');
        }
        out.append(']');
      }
      case MappingNode mapping -> {
        out.append('{');
        for (var entry : sorted(mapping)) {
          if (!leftOut.contains(entry.key())) {
            quoted(out, entry.key());
            out.append(':');
            append(out, entry.value(), entry.key().equals("witness") ? LOCAL_OF_WITNESS : SECRET);
            out.append(',');
          }
        }
        out.append('}');
      }
      default -> {}
    }
  }

  private static void quoted(StringBuilder out, String text) {
    out.append(text.length()).append('"').append(text).append('"');
  }

  private static List<Entry> sorted(MappingNode mapping) {
    var entries = new ArrayList<Entry>();
    for (var tuple : mapping.getValue()) {
      if (tuple.getKeyNode() instanceof ScalarNode key) {
        entries.add(new Entry(key.getValue(), tuple.getValueNode()));
      }
    }
    entries.sort(Comparator.comparing(Entry::key));
    return entries;
  }

  private record Entry(String key, Node value) {}
}
