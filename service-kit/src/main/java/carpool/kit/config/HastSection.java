package carpool.kit.config;

import java.util.List;
import java.util.Optional;

/// A block of hast.conf as written, before anything is inherited. The file itself is the outermost
/// section and has no name.
record HastSection(
    Scope scope, HastToken name, List<Statement> statements, List<HastSection> sections) {

  /// Which statements a block may hold (hast.conf(5); the table in FreeBSD's sbin/hastd/parse.y).
  enum Scope {
    FILE(
        "the file",
        List.of(
            "control",
            "pidfile",
            "listen",
            "replication",
            "checksum",
            "compression",
            "timeout",
            "exec",
            "metaflush",
            "on",
            "resource")),
    NODE("a node section", List.of("control", "pidfile", "listen")),
    RESOURCE(
        "a resource",
        List.of(
            "replication",
            "checksum",
            "compression",
            "timeout",
            "exec",
            "metaflush",
            "name",
            "local",
            "on")),
    RESOURCE_NODE(
        "the node section of a resource",
        List.of("name", "local", "remote", "source", "metaflush"));

    private final String described;

    @SuppressWarnings("ImmutableEnumChecker") // Made by List.of only.
    private final List<String> keywords;

    Scope(String described, List<String> keywords) {
      this.described = described;
      this.keywords = keywords;
    }

    String described() {
      return described;
    }

    List<String> keywords() {
      return keywords;
    }

    boolean opensSection(HastToken token) {
      return switch (this) {
        case FILE -> token.is("on") || token.is("resource");
        case RESOURCE -> token.is("on");
        case NODE, RESOURCE_NODE -> false;
      };
    }

    Scope inner(HastToken keyword) {
      return switch (this) {
        case FILE -> keyword.is("on") ? NODE : RESOURCE;
        case RESOURCE, NODE, RESOURCE_NODE -> RESOURCE_NODE;
      };
    }
  }

  /// `keyword value`.
  record Statement(HastToken keyword, HastToken value) {}

  /// The last statement of that keyword: later ones replace earlier ones.
  Optional<HastToken> last(String keyword) {
    return statements.stream()
        .filter(s -> s.keyword().text().equals(keyword))
        .map(Statement::value)
        .reduce((_, later) -> later);
  }

  /// All values of that keyword, in order.
  List<HastToken> all(String keyword) {
    return statements.stream()
        .filter(s -> s.keyword().text().equals(keyword))
        .map(Statement::value)
        .toList();
  }

  List<HastSection> inner(Scope wanted) {
    return sections.stream().filter(s -> s.scope() == wanted).toList();
  }
}
