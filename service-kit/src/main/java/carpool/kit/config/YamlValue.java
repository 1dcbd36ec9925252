package carpool.kit.config;

import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/// A value of carpool.yaml that can be asked to be something. Each question answers with the value,
/// or notes a problem at its place and answers with nothing.
final class YamlValue {
  static final String HOST_PORT_FORM = "HOST:PORT with port 1..65535, IPv6 as [::1]:PORT";
  private static final Pattern HOST_PORT =
      Pattern.compile("(?:\\[([0-9A-Fa-f:.]+)\\]|([A-Za-z0-9._-]+)):([0-9]{1,5})");

  private final YamlSource source;
  private final Node node;
  private final String path;

  YamlValue(YamlSource source, Node node, String path) {
    this.source = source;
    this.node = node;
    this.path = path;
  }

  Node node() {
    return node;
  }

  String path() {
    return path;
  }

  /// Notes that this value is wrong.
  <T> Optional<T> refuse(String allowed) {
    return refuse(described(), allowed);
  }

  <T> Optional<T> refuse(String found, String allowed) {
    source.report(node, found + " for " + path, allowed);
    return Optional.empty();
  }

  /// Notes a whole sentence, which says by itself what is allowed.
  <T> Optional<T> refuseWith(String sentence) {
    source.report(node, sentence, "");
    return Optional.empty();
  }

  Optional<String> text() {
    if (node instanceof ScalarNode scalar && isText(scalar) && !scalar.getValue().isEmpty()) {
      return Optional.of(scalar.getValue());
    }
    return refuse(
        node instanceof ScalarNode s && !isText(s) && !s.getTag().equals(Tag.NULL)
            ? "a text; put it in quotes"
            : "a text");
  }

  /// A text whose content no message may show.
  Optional<Secret> secret() {
    if (node instanceof ScalarNode scalar && isText(scalar) && !scalar.getValue().isEmpty()) {
      return Optional.of(new Secret(scalar.getValue()));
    }
    return refuse(
        node instanceof ScalarNode ? "a value that is no text" : described(),
        "a text; put it in quotes");
  }

  Optional<String> text(Pattern form, String allowed) {
    return parsed(allowed, t -> form.matcher(t).matches() ? Optional.of(t) : Optional.empty());
  }

  Optional<Integer> integer(int min, int max) {
    if (node instanceof ScalarNode scalar && scalar.getTag().equals(Tag.INT)) {
      try {
        var number = new BigInteger(scalar.getValue());
        if (number.compareTo(BigInteger.valueOf(min)) >= 0
            && number.compareTo(BigInteger.valueOf(max)) <= 0) {
          return Optional.of(number.intValueExact());
        }
      } catch (NumberFormatException _) {
        // Octal, hexadecimal, sexagesimal: not a number people mean to write here.
      }
    }
    return refuse("a whole number " + min + ".." + max);
  }

  Optional<Boolean> bool() {
    if (node instanceof ScalarNode scalar && scalar.getTag().equals(Tag.BOOL)) {
      switch (scalar.getValue()) {
        case "true" -> {
          return Optional.of(true);
        }
        case "false" -> {
          return Optional.of(false);
        }
        default -> {}
      }
    }
    return refuse("true, false");
  }

  <T> Optional<T> oneOf(Map<String, T> choices) {
    if (node instanceof ScalarNode scalar && choices.containsKey(scalar.getValue())) {
      return Optional.ofNullable(choices.get(scalar.getValue()));
    }
    return refuse(String.join(", ", choices.keySet()));
  }

  Optional<Duration> duration(Duration min, Duration max) {
    var allowed = Units.DURATION_FORM + ", from " + Units.show(min) + " to " + Units.show(max);
    return parsedScalar(
        allowed,
        t -> Units.duration(t).filter(d -> d.compareTo(min) >= 0 && d.compareTo(max) <= 0));
  }

  Optional<Rate> rate() {
    return parsedScalar("unlimited, or a size with /s: " + Units.SIZE_FORM + "/s", Units::rate);
  }

  Optional<Path> path(String what) {
    return parsed(
        "an absolute path of " + what,
        t -> {
          try {
            return Optional.of(Path.of(t)).filter(Path::isAbsolute);
          } catch (InvalidPathException _) {
            return Optional.empty();
          }
        });
  }

  Optional<HostPort> hostPort() {
    return parsedScalar(HOST_PORT_FORM, YamlValue::hostPort);
  }

  static Optional<HostPort> hostPort(String text) {
    var match = HOST_PORT.matcher(text);
    if (!match.matches()) {
      return Optional.empty();
    }
    var host = match.group(1) != null ? match.group(1) : match.group(2);
    var port = Integer.parseInt(match.group(3));
    return host == null || port < 1 || port > 65535
        ? Optional.empty()
        : Optional.of(new HostPort(host, port));
  }

  Optional<InetAddress> address() {
    return parsedScalar("an IPv4 or IPv6 address (no host name)", YamlValue::literal);
  }

  Optional<Cidr> cidr() {
    return parsedScalar(
        "an IPv4 or IPv6 address with its prefix length, as 192.168.3.50/24",
        t -> {
          var slash = t.indexOf('/');
          if (slash < 0 || !t.substring(slash + 1).matches("[0-9]{1,3}")) {
            return Optional.empty();
          }
          var bits = Integer.parseInt(t.substring(slash + 1));
          return literal(t.substring(0, slash))
              .filter(a -> bits >= 1 && bits <= 8 * a.getAddress().length)
              .map(a -> new Cidr(a, bits));
        });
  }

  Optional<YamlMap> map(String allowed) {
    return node instanceof MappingNode mapping
        ? Optional.of(new YamlMap(source, mapping, path))
        : refuse(allowed);
  }

  /// The elements of a list.
  Optional<List<YamlValue>> list(String allowed) {
    if (!(node instanceof SequenceNode sequence)) {
      return refuse(allowed);
    }
    var nodes = sequence.getValue();
    return Optional.of(
        IntStream.range(0, nodes.size())
            .mapToObj(i -> new YamlValue(source, nodes.get(i), path + "[" + (i + 1) + "]"))
            .toList());
  }

  /// Every element read by `reader`; elements with problems are left out.
  <T> List<T> listOf(String allowed, Function<YamlValue, Optional<T>> reader) {
    return list(allowed).orElse(List.of()).stream().flatMap(v -> reader.apply(v).stream()).toList();
  }

  /// A command as a list of words; never a shell string. Numbers and booleans are words, too.
  Optional<List<String>> argv() {
    var allowed = "a command as a list of words, as [systemctl, start, nginx]";
    var elements = list(allowed);
    if (elements.isEmpty()) {
      return Optional.empty();
    }
    var words = new ArrayList<String>();
    for (var element : elements.get()) {
      if (element.node instanceof ScalarNode scalar && !scalar.getTag().equals(Tag.NULL)) {
        words.add(scalar.getValue());
      } else {
        return element.refuse("a word");
      }
    }
    return words.isEmpty() || words.getFirst().isEmpty()
        ? refuse("an empty list", allowed)
        : Optional.of(List.copyOf(words));
  }

  /// The machine that the file is compared with.
  Optional<LocalInterfaces> machine() {
    return source.machine();
  }

  /// This value, or, where it is a mapping from node names to values, the entry of this node.
  Optional<YamlValue> forThisNode() {
    if (!(node instanceof MappingNode mapping)) {
      return Optional.of(this);
    }
    var entries = new YamlMap(source, mapping, path).all();
    for (var entry : entries.entrySet()) {
      if (source.host().matches(entry.getKey())) {
        return Optional.of(entry.getValue());
      }
    }
    return refuse(
        "no entry for this node",
        "one of "
            + String.join(", ", source.host().acceptableNames())
            + " as key, or --node with a name that is there: "
            + String.join(", ", entries.keySet()));
  }

  private <T> Optional<T> parsed(String allowed, Function<String, Optional<T>> parser) {
    if (!(node instanceof ScalarNode scalar) || !isText(scalar)) {
      return refuse(allowed);
    }
    var value = parser.apply(scalar.getValue());
    return value.isPresent() ? value : refuse(allowed);
  }

  /// Like [#parsed], whatever type YAML guesses: `1:30`, `2001:1` and `60` look like numbers to it.
  private <T> Optional<T> parsedScalar(String allowed, Function<String, Optional<T>> parser) {
    if (!(node instanceof ScalarNode scalar)) {
      return refuse(allowed);
    }
    var value = parser.apply(scalar.getValue());
    return value.isPresent() ? value : refuse(allowed);
  }

  private static Optional<InetAddress> literal(String text) {
    try {
      return Optional.of(InetAddress.ofLiteral(text));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  private static boolean isText(ScalarNode scalar) {
    return scalar.getTag().equals(Tag.STR);
  }

  private String described() {
    return switch (node) {
      case ScalarNode scalar when scalar.getTag().equals(Tag.NULL) -> "nothing";
      case ScalarNode scalar when isText(scalar) -> "'" + scalar.getValue() + "'";
      case ScalarNode scalar -> kind(scalar) + " " + scalar.getValue();
      case MappingNode _ -> "a mapping";
      case SequenceNode _ -> "a list";
      default -> "something else";
    };
  }

  private static String kind(ScalarNode scalar) {
    if (scalar.getTag().equals(Tag.INT) || scalar.getTag().equals(Tag.FLOAT)) {
      return "the number";
    }
    if (scalar.getTag().equals(Tag.BOOL)) {
      return "the boolean";
    }
    return scalar.getTag().equals(Tag.NULL) ? "nothing" : "the value";
  }
}
