package carpool.kit.check;

import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;

/// Invariants that stay on in production. A broken one means that a rule everything else relies on
/// is wrong, so the only safe way on is to stop: let the [BrokenInvariant] reach the thread's owner
/// (a [carpool.kit.loop.CoreLoop] turns it into a fail-stop, exit code 3) and never catch it.
public final class Check {

  private Check() {}

  /// Throws [BrokenInvariant] with the formatted text unless `holds`.
  @FormatMethod
  public static void invariant(boolean holds, @FormatString String message, Object... arguments) {
    if (!holds) {
      throw new BrokenInvariant(message.formatted(arguments));
    }
  }

  /// A rule of the program itself was found broken; never an operating failure or bad input.
  public static final class BrokenInvariant extends AssertionError {
    private static final long serialVersionUID = 1L;

    BrokenInvariant(String message) {
      super("invariant broken: " + message);
    }
  }
}
