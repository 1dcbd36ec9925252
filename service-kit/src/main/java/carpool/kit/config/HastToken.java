package carpool.kit.config;

import java.util.Set;

/// One word of hast.conf with its place, counted from 1.
record HastToken(Kind kind, String text, int line, int column) {

  /// Words that cannot be names: `token.l` of FreeBSD's hastd.
  static final Set<String> RESERVED =
      Set.of(
          "control",
          "pidfile",
          "listen",
          "replication",
          "checksum",
          "compression",
          "timeout",
          "exec",
          "metaflush",
          "resource",
          "name",
          "local",
          "remote",
          "source",
          "on",
          "off",
          "fullsync",
          "memsync",
          "async",
          "none",
          "crc32",
          "sha256",
          "hole",
          "lzf");

  enum Kind {
    /// A reserved word.
    KEYWORD,
    /// Digits only.
    NUMBER,
    /// Any other word.
    STRING,
    OPEN,
    CLOSE,
    END
  }

  boolean is(String word) {
    return kind == Kind.KEYWORD && text.equals(word);
  }

  boolean isWord() {
    return kind == Kind.KEYWORD || kind == Kind.NUMBER || kind == Kind.STRING;
  }

  /// How messages name it.
  String described() {
    return switch (kind) {
      case KEYWORD -> "the reserved word '" + text + "'";
      case NUMBER -> "the number '" + text + "'";
      case STRING -> "'" + text + "'";
      case OPEN -> "'{'";
      case CLOSE -> "'}'";
      case END -> "the end of the file";
    };
  }
}
