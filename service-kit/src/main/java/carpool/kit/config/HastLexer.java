package carpool.kit.config;

import java.util.ArrayList;
import java.util.List;

/// Cuts hast.conf into words: the rules of FreeBSD's sbin/hastd/token.l, with these differences:
/// unknown characters are reported (the original drops them silently), a carriage return is white
/// space, a comment may end with the file, lines and columns count from 1.
final class HastLexer {
  private static final String WORD_CHARACTERS = "letters, digits and . - _ / : [ ]";

  private final String file;
  private final String text;
  private final Problems problems;
  private final List<HastToken> tokens = new ArrayList<>();
  private int at;
  private int line = 1;
  private int lineStart;

  HastLexer(String file, String text, Problems problems) {
    this.file = file;
    this.text = text;
    this.problems = problems;
  }

  List<HastToken> tokens() {
    while (at < text.length()) {
      var c = text.charAt(at);
      switch (c) {
        case '\n' -> newLine();
        case ' ', '\t', '\r', '\uFEFF' -> at++;
        case '#' -> skipComment();
        case '{' -> punctuation(HastToken.Kind.OPEN);
        case '}' -> punctuation(HastToken.Kind.CLOSE);
        default -> word();
      }
    }
    tokens.add(new HastToken(HastToken.Kind.END, "", line, column(at)));
    return List.copyOf(tokens);
  }

  private void newLine() {
    at++;
    line++;
    lineStart = at;
  }

  private void skipComment() {
    while (at < text.length() && text.charAt(at) != '\n') {
      at++;
    }
  }

  private void punctuation(HastToken.Kind kind) {
    tokens.add(new HastToken(kind, text.substring(at, at + 1), line, column(at)));
    at++;
  }

  /// Takes everything up to white space, a brace or a comment as one word, so that one wrong
  /// character gives one problem.
  private void word() {
    var start = at;
    var wrong = -1;
    while (at < text.length() && "\n \t\r#{}".indexOf(text.charAt(at)) < 0) {
      if (wrong < 0 && !isWordCharacter(text.charAt(at))) {
        wrong = at;
      }
      at++;
    }
    var word = text.substring(start, at);
    if (wrong >= 0) {
      problems.add(
          file,
          line,
          column(wrong),
          "unknown character " + named(text.codePointAt(wrong)) + " in '" + word + "'",
          WORD_CHARACTERS + " (no quotes, no semicolons)");
    }
    tokens.add(new HastToken(kindOf(word), word, line, column(start)));
  }

  private static HastToken.Kind kindOf(String word) {
    if (word.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return HastToken.Kind.NUMBER;
    }
    return HastToken.RESERVED.contains(word) ? HastToken.Kind.KEYWORD : HastToken.Kind.STRING;
  }

  private static boolean isWordCharacter(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || ".-_/:[]".indexOf(c) >= 0;
  }

  private static String named(int codePoint) {
    return codePoint > 0x20 && codePoint < 0x7f
        ? "'" + Character.toString(codePoint) + "'"
        : "U+%04X".formatted(codePoint);
  }

  private int column(int index) {
    return index - lineStart + 1;
  }
}
