package carpool.kit.config;

import carpool.kit.config.HastResource.Checksum;
import carpool.kit.config.HastResource.Compression;
import carpool.kit.config.HastResource.ReplicationMode;
import carpool.kit.config.HastSection.Scope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Reads hast.conf(5): lexer, parser, then what this class adds: `on` matching, inheritance,
/// limits, and the checks of FreeBSD's sbin/hastd/parse.y with its error texts. Usable alone.
public final class HastConfigReader {
  private static final int LONGEST_NAME_BYTES = 254;
  private static final int LONGEST_PATH_BYTES = 1023;

  private final String file;
  private final HostIdentity host;
  private final Problems problems;

  private HastConfigReader(String file, HostIdentity host, Problems problems) {
    this.file = file;
    this.host = host;
    this.problems = problems;
  }

  /// Reads `text` as the file named `file`, seen from `host`.
  ///
  /// @throws ConfigException with everything that is wrong
  public static HastConfig read(String file, String text, HostIdentity host)
      throws ConfigException {
    var problems = new Problems();
    var read = read(file, text, host, problems);
    problems.throwIfAny();
    return read.orElseThrow();
  }

  /// Empty exactly when problems were added.
  static Optional<HastConfig> read(String file, String text, HostIdentity host, Problems problems) {
    var before = problems.count();
    var tokens = new HastLexer(file, text, problems).tokens();
    var tree = new HastParser(file, tokens, problems).file();
    var reader = new HastConfigReader(file, host, problems);
    // After a syntax error the sections are guesswork: what is missing in them says nothing.
    if (problems.count() > before) {
      return Optional.empty();
    }
    var config = reader.config(tree);
    return problems.count() > before ? Optional.empty() : Optional.of(config);
  }

  private HastConfig config(HastSection tree) {
    var control = path(tree, "control").orElse("/var/run/hastctl");
    var pidfile = path(tree, "pidfile").orElse("/var/run/hastd.pid");
    checkInherited(tree);
    var listen = new ArrayList<>(listen(tree));
    for (var node : tree.inner(Scope.NODE)) {
      checkNode(node);
      if (host.matches(node.name().text())) {
        control = path(node, "control").orElse(control);
        pidfile = path(node, "pidfile").orElse(pidfile);
        listen.addAll(listen(node));
      }
    }
    var resources = new LinkedHashMap<String, HastResource>();
    for (var section : tree.inner(Scope.RESOURCE)) {
      var name = section.name();
      limit(name, "Resource name", LONGEST_NAME_BYTES);
      var resource = resource(section, tree);
      if (resources.containsKey(name.text())) {
        report(
            name,
            "Resource " + name.text() + " configured more than once.",
            "one section for each resource");
      }
      resource.ifPresent(r -> resources.putIfAbsent(name.text(), r));
    }
    return new HastConfig(
        nodeName(tree, resources.values().stream().toList()),
        control,
        pidfile,
        listen.isEmpty() ? defaultListen() : List.copyOf(listen),
        List.copyOf(resources.values()));
  }

  private NodeName nodeName(HastSection tree, List<HastResource> resources) {
    return resources.stream()
        .map(r -> r.local().node())
        .findFirst()
        .or(() ->
            tree.inner(Scope.NODE).stream()
                .map(n -> n.name().text())
                .filter(host::matches)
                .map(NodeName::new)
                .findFirst())
        .orElse(new NodeName(host.firstLabel()));
  }

  private Optional<HastResource> resource(HastSection section, HastSection tree) {
    var name = section.name();
    var nodes = new LinkedHashMap<String, List<HastSection>>();
    var mine = new ArrayList<HastSection>();
    for (var node : section.inner(Scope.RESOURCE_NODE)) {
      if (host.matches(node.name().text())) {
        mine.add(node);
      } else {
        nodes.computeIfAbsent(node.name().text(), _ -> new ArrayList<>()).add(node);
      }
    }
    checkInherited(section);
    if (mine.isEmpty()) {
      report(
          name,
          "No resource "
              + name.text()
              + " configuration for this node (acceptable node names: "
              + String.join(", ", host.acceptableNames())
              + ").",
          "an 'on' section of one of these names, or --node with a name that is there: "
              + String.join(", ", nodes.keySet()));
      nodes.values().forEach(sections -> component(section, sections, tree));
      return Optional.empty();
    }
    nodes.values().stream()
        .skip(1)
        .map(sections -> sections.getFirst().name())
        .forEach(third ->
            report(
                third,
                "a third node, " + third.text() + ", in resource " + name.text(),
                "two nodes: a block is on this one and on one other"));
    var local = component(section, mine, tree);
    var others = new ArrayList<HastResource.Component>();
    var complete = true;
    for (var sections : nodes.values()) {
      var other = component(section, sections, tree);
      complete &= other.isPresent();
      other.ifPresent(others::add);
    }
    if (local.isEmpty() || !complete) {
      return Optional.empty();
    }
    return Optional.of(
        new HastResource(
            name.text(),
            inherited(section, tree, "replication")
                .map(t -> ReplicationMode.valueOf(upper(t)))
                .orElse(ReplicationMode.MEMSYNC),
            inherited(section, tree, "checksum")
                .map(t -> Checksum.valueOf(upper(t)))
                .orElse(Checksum.NONE),
            inherited(section, tree, "compression")
                .map(t -> Compression.valueOf(upper(t)))
                .orElse(Compression.HOLE),
            inherited(section, tree, "timeout")
                .flatMap(this::timeout)
                .orElse(Duration.ofSeconds(20)),
            inherited(section, tree, "exec").map(HastToken::text),
            local.get(),
            List.copyOf(others)));
  }

  /// One copy; `sections` are all `on` sections of that node, applied in order.
  private Optional<HastResource.Component> component(
      HastSection resource, List<HastSection> sections, HastSection tree) {
    var before = problems.count();
    var name = resource.name();
    var first = sections.getFirst().name();
    var provname = last(sections, "name").or(() -> resource.last("name")).orElse(name);
    limit(provname, "name argument", LONGEST_NAME_BYTES);
    var path = last(sections, "local").or(() -> resource.last("local"));
    path.ifPresent(p -> limit(p, "local argument", LONGEST_PATH_BYTES));
    if (path.isEmpty()) {
      report(
          first,
          "Path to local component not configured for resource " + name.text() + ".",
          "'local PATH' in the resource or in 'on " + first.text() + "'");
    }
    var remote = last(sections, "remote");
    if (remote.isEmpty()) {
      report(
          first,
          "Remote address not configured for resource " + name.text() + ".",
          "'remote ADDRESS' or 'remote none' in 'on " + first.text() + "'");
    }
    var remoteAddress =
        remote
            .filter(r -> !r.is("none"))
            .flatMap(r -> address(r, "remote", HastAddress.DEFAULT_PORT));
    var source = last(sections, "source").flatMap(s -> address(s, "source", 0));
    var metaflush =
        last(sections, "metaflush")
            .or(() -> inherited(resource, tree, "metaflush"))
            .map(t -> t.is("on"))
            .orElse(true);
    if (problems.count() > before) {
      return Optional.empty();
    }
    return Optional.of(
        new HastResource.Component(
            new NodeName(first.text()),
            provname.text(),
            path.orElseThrow().text(),
            remoteAddress,
            source,
            metaflush));
  }

  private static Optional<HastToken> last(List<HastSection> sections, String keyword) {
    return sections.stream().flatMap(s -> s.all(keyword).stream()).reduce((_, later) -> later);
  }

  private static Optional<HastToken> inherited(
      HastSection resource, HastSection tree, String keyword) {
    return resource.last(keyword).or(() -> tree.last(keyword));
  }

  /// Limits hold for statements that nothing uses, too.
  private void checkInherited(HastSection section) {
    section.all("timeout").forEach(this::timeout);
    section.all("exec").forEach(e -> limit(e, "Exec path", LONGEST_PATH_BYTES));
  }

  private void checkNode(HastSection node) {
    path(node, "control");
    path(node, "pidfile");
    if (!host.matches(node.name().text())) {
      listen(node);
    }
  }

  private Optional<Duration> timeout(HastToken value) {
    if (value.text().length() > 10 || Long.parseLong(value.text()) > Integer.MAX_VALUE) {
      report(value, "timeout " + value.text() + " is too large", "1..2147483647 seconds");
      return Optional.empty();
    }
    var seconds = Integer.parseInt(value.text());
    if (seconds < 1) {
      report(value, "Negative or zero timeout.", "1..2147483647 seconds");
      return Optional.empty();
    }
    return Optional.of(Duration.ofSeconds(seconds));
  }

  private Optional<String> path(HastSection section, String keyword) {
    section.all(keyword).forEach(v -> limit(v, keyword + " argument", LONGEST_PATH_BYTES));
    return section.last(keyword).map(HastToken::text);
  }

  private List<HastAddress> listen(HastSection section) {
    return section.all("listen").stream()
        .flatMap(v -> address(v, "listen", HastAddress.DEFAULT_PORT).stream())
        .toList();
  }

  private Optional<HastAddress> address(HastToken value, String keyword, int defaultPort) {
    if (!limit(value, keyword + " argument", LONGEST_PATH_BYTES)) {
      return Optional.empty();
    }
    var parsed = HastAddressParser.parse(value.text(), defaultPort);
    if (parsed.isEmpty()) {
      report(
          value,
          "'" + value.text() + "' after '" + keyword + "' is no TCP address",
          HastAddressParser.FORM);
    }
    return parsed;
  }

  private static List<HastAddress> defaultListen() {
    return List.of(
        new HastAddress(
            "tcp4://0.0.0.0:8457", HastAddress.Family.TCP4, "0.0.0.0", HastAddress.DEFAULT_PORT),
        new HastAddress(
            "tcp6://[::]:8457", HastAddress.Family.TCP6, "::", HastAddress.DEFAULT_PORT));
  }

  private boolean limit(HastToken value, String what, int longest) {
    if (value.text().length() <= longest) {
      return true;
    }
    report(
        value,
        what + " is too long (" + value.text().length() + " bytes)",
        "at most " + longest + " bytes");
    return false;
  }

  private static String upper(HastToken token) {
    return token.text().toUpperCase(Locale.ROOT);
  }

  private void report(HastToken where, String found, String allowed) {
    problems.add(file, where.line(), where.column(), found, allowed);
  }
}
