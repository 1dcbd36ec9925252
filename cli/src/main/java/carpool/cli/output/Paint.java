package carpool.cli.output;

/// Colours, or none.
public enum Paint {
  COLOURED,
  PLAIN;

  /// All is well.
  public String good(String text) {
    return painted("32", text);
  }

  /// Somebody should look.
  public String warning(String text) {
    return painted("33", text);
  }

  /// Something is broken.
  public String bad(String text) {
    return painted("31", text);
  }

  /// A heading.
  public String bold(String text) {
    return painted("1", text);
  }

  private String painted(String code, String text) {
    return switch (this) {
      case COLOURED -> "\u001b[" + code + "m" + text + "\u001b[0m";
      case PLAIN -> text;
    };
  }
}
