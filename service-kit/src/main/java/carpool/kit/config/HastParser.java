package carpool.kit.config;

import carpool.kit.config.HastSection.Scope;
import carpool.kit.config.HastSection.Statement;
import java.util.ArrayList;
import java.util.List;

/// The grammar of hast.conf (FreeBSD's sbin/hastd/parse.y). Goes on after an error, so that a file
/// with several of them is reported in one go.
final class HastParser {
  private final String file;
  private final List<HastToken> tokens;
  private final Problems problems;
  private int at;

  HastParser(String file, List<HastToken> tokens, Problems problems) {
    this.file = file;
    this.tokens = tokens;
    this.problems = problems;
  }

  HastSection file() {
    var nowhere = new HastToken(HastToken.Kind.END, "", 1, 1);
    return body(Scope.FILE, nowhere, List.of());
  }

  /// Reads statements until the section ends. `outer` are the open sections around this one,
  /// outermost first; they decide whether a misplaced keyword means a forgotten brace.
  private HastSection body(Scope scope, HastToken name, List<Open> outer) {
    var statements = new ArrayList<Statement>();
    var sections = new ArrayList<HastSection>();
    while (true) {
      var token = peek();
      if (token.kind() == HastToken.Kind.END) {
        if (scope != Scope.FILE) {
          report(token, token.described(), "'}' " + closing(outer));
        }
        break;
      }
      if (token.kind() == HastToken.Kind.CLOSE) {
        at++;
        if (scope != Scope.FILE) {
          break;
        }
        report(token, "'}' without an open section", statementsOf(scope));
      } else if (scope.opensSection(token)) {
        section(scope, outer, sections);
      } else if (token.kind() == HastToken.Kind.KEYWORD
          && scope.keywords().contains(token.text())) {
        statement(statements);
      } else if (belongsOutside(token, outer)) {
        report(
            token,
            token.described() + " in " + scope.described() + " '" + name.text() + "'",
            statementsOf(scope) + ", or '}' " + closing(outer));
        break;
      } else {
        report(token, token.described() + " in " + scope.described(), statementsOf(scope));
        skipStatement(scope);
      }
    }
    return new HastSection(scope, name, List.copyOf(statements), List.copyOf(sections));
  }

  private void section(Scope scope, List<Open> outer, List<HastSection> sections) {
    var keyword = next();
    var name = peek();
    if (name.kind() == HastToken.Kind.STRING) {
      at++;
    } else {
      report(name, name.described() + " after '" + keyword.text() + "'", nameHint(name));
      if (name.isWord()) {
        at++;
      }
    }
    if (peek().kind() == HastToken.Kind.OPEN) {
      at++;
    } else {
      report(
          peek(),
          peek().described() + " after '" + keyword.text() + " " + name.text() + "'",
          "'{'");
      if (!peek().isWord()) {
        return;
      }
    }
    var open = new ArrayList<>(outer);
    open.add(new Open(scope, keyword, name));
    sections.add(body(scope.inner(keyword), name, open));
  }

  private void statement(List<Statement> statements) {
    var keyword = next();
    var value = peek();
    var allowed = HastValues.allowed(keyword.text());
    if (!value.isWord()) {
      report(value, value.described() + " after '" + keyword.text() + "'", allowed);
      return;
    }
    at++;
    if (HastValues.fits(keyword.text(), value)) {
      statements.add(new Statement(keyword, value));
    } else {
      report(value, value.described() + " after '" + keyword.text() + "'", allowed);
    }
  }

  /// Skips a word that is no statement, and its value or block if it has one.
  private void skipStatement(Scope scope) {
    at++;
    while (peek().kind() == HastToken.Kind.STRING || peek().kind() == HastToken.Kind.NUMBER) {
      at++;
    }
    if (peek().kind() == HastToken.Kind.KEYWORD && !scope.keywords().contains(peek().text())) {
      at++;
    }
    if (peek().kind() == HastToken.Kind.OPEN) {
      skipBlock();
    }
  }

  private void skipBlock() {
    var depth = 0;
    do {
      switch (next().kind()) {
        case OPEN -> depth++;
        case CLOSE -> depth--;
        case END -> {
          at--;
          return;
        }
        case KEYWORD, NUMBER, STRING -> {}
      }
    } while (depth > 0);
  }

  /// A section that only an outer level may open: most likely a closing brace was forgotten.
  private static boolean belongsOutside(HastToken token, List<Open> outer) {
    return outer.stream().anyMatch(open -> open.scope().opensSection(token));
  }

  private static String statementsOf(Scope scope) {
    return String.join(", ", scope.keywords());
  }

  private static String closing(List<Open> outer) {
    var innermost = outer.getLast();
    return "to close '"
        + innermost.keyword().text()
        + " "
        + innermost.name().text()
        + "' opened in line "
        + innermost.keyword().line();
  }

  private static String nameHint(HastToken name) {
    return switch (name.kind()) {
      case KEYWORD -> "a name that is not a reserved word";
      case NUMBER -> "a name that is not digits only";
      case STRING, OPEN, CLOSE, END -> "a name, then '{'";
    };
  }

  private void report(HastToken where, String found, String allowed) {
    problems.add(file, where.line(), where.column(), found, allowed);
  }

  private HastToken peek() {
    return tokens.get(at);
  }

  private HastToken next() {
    return tokens.get(at++);
  }

  /// A section that is not closed yet: the scope it stands in, and how it began.
  private record Open(Scope scope, HastToken keyword, HastToken name) {}
}
