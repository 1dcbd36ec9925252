package carpool.kit.config;

import java.util.Objects;

/// A password or key. Its text never appears in logs, exceptions, digests or JSON by accident: only
/// [#reveal()] gives it.
public final class Secret {
  private final String text;

  /// Wraps `text`.
  public Secret(String text) {
    this.text = Objects.requireNonNull(text);
  }

  /// The secret itself; pass it on to the one place that needs it.
  public String reveal() {
    return text;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Secret that && text.equals(that.text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  /// Always `***`.
  @Override
  public String toString() {
    return "***";
  }
}
