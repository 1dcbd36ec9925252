package carpool.kit.boot;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Properties;

/// The version this was built as.
public final class Version {

  private Version() {}

  /// As in the distribution's name, for example `0.1.0`.
  public static String current() {
    var properties = new Properties();
    try (var in = Version.class.getResourceAsStream("version.properties")) {
      if (in != null) {
        properties.load(in);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties.getProperty("version", "unknown");
  }
}
