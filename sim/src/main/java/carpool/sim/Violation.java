package carpool.sim;

import java.io.Serial;

/// A checker found that something which must always hold does not.
public final class Violation extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /// A violation of `rule` (R1 to R7, or a word), with what was found.
  public Violation(String rule, String found) {
    super(rule + ": " + found);
  }
}
