package carpool.orchestrator.core;

import java.util.Arrays;
import java.util.Optional;

/// What a passage does to the pool.
public enum PassageKind {
  TAKEOVER("takeover"),
  /// The role has gone to the other node, or must.
  GIVE_UP("give-up"),
  /// As a give-up, in agreement with the other node.
  SWITCHOVER("switchover"),
  IMPORT("import"),
  EXPORT("export"),
  /// Nothing was done to the pool: the process before this one served it, and this one goes on.
  ADOPTION("adoption");

  private final String word;

  PassageKind(String word) {
    this.word = word;
  }

  /// The name in the contract, in the kept history and in the log.
  public String word() {
    return word;
  }

  /// Whether the pool leaves the node, so that the other one may take it over.
  public boolean leaves() {
    return this == GIVE_UP || this == SWITCHOVER;
  }

  /// The kind with this name; empty for a name that another version of carpool uses.
  public static Optional<PassageKind> of(String word) {
    return Arrays.stream(values()).filter(kind -> kind.word.equals(word)).findFirst();
  }
}
