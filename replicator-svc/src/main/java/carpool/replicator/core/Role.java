package carpool.replicator.core;

/// HAST's role of a node for one resource.
public enum Role {
  /// Not in use: provider closed, no export, no peer.
  INIT("init"),
  /// Serves the device.
  PRIMARY("primary"),
  /// Receives what the primary writes.
  SECONDARY("secondary");

  private final String word;

  Role(String word) {
    this.word = word;
  }

  /// The word of hastctl and of the metadata key `prevrole`.
  public String word() {
    return word;
  }

  /// Anything that is not a role word means init, as in the original.
  public static Role ofWord(String word) {
    return switch (word) {
      case "primary" -> PRIMARY;
      case "secondary" -> SECONDARY;
      default -> INIT;
    };
  }
}
