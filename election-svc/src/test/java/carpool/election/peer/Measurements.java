package carpool.election.peer;

import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/// What the tests measured, one line each, in `target/carp-measurements.txt` and on standard
/// output.
final class Measurements {
  private static final Path FILE = Path.of("target/carp-measurements.txt");

  private Measurements() {}

  @FormatMethod
  static void note(String scenario, @FormatString String format, Object... values) {
    String line = "%-52s %s%n".formatted(scenario, String.format(Locale.ROOT, format, values));
    System.out.print("MEASURED " + line);
    try {
      Files.writeString(FILE, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
