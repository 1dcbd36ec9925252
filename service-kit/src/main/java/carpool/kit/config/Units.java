package carpool.kit.config;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/// Numbers with units, as both files, options and messages write them.
public final class Units {
  /// What a duration may look like.
  public static final String DURATION_FORM =
      "a whole number with a unit ms, s, m, h or d, as 500ms";

  /// What a size may look like.
  public static final String SIZE_FORM =
      "a whole number with a unit B, KiB, MiB, GiB or TiB (K, M, G, T mean the same), as 64KiB";

  private static final Pattern DURATION = Pattern.compile("([0-9]{1,12})(ms|s|m|h|d)");
  private static final Pattern SIZE = Pattern.compile("([0-9]{1,15})(B|[KMGT](?:iB)?)");

  private Units() {}

  /// Empty when `text` is no duration.
  public static Optional<Duration> duration(String text) {
    var match = DURATION.matcher(text);
    if (!match.matches()) {
      return Optional.empty();
    }
    var number = Long.parseLong(match.group(1));
    return Optional.of(
        switch (match.group(2)) {
          case "ms" -> Duration.ofMillis(number);
          case "s" -> Duration.ofSeconds(number);
          case "m" -> Duration.ofMinutes(number);
          case "h" -> Duration.ofHours(number);
          default -> Duration.ofDays(number);
        });
  }

  /// Bytes; empty when `text` is no size or more than 2^63 − 1 bytes.
  public static Optional<Long> sizeBytes(String text) {
    var match = SIZE.matcher(text);
    if (!match.matches()) {
      return Optional.empty();
    }
    var shift = 10 * "BKMGT".indexOf(match.group(2).charAt(0));
    var number = Long.parseLong(match.group(1));
    return number > (Long.MAX_VALUE >> shift) ? Optional.empty() : Optional.of(number << shift);
  }

  /// `unlimited` or `SIZE/s`; empty when `text` is neither.
  public static Optional<Rate> rate(String text) {
    if (text.equals("unlimited")) {
      return Optional.of(Rate.UNLIMITED);
    }
    return text.endsWith("/s")
        ? sizeBytes(text.substring(0, text.length() - 2)).filter(b -> b > 0).map(Rate::new)
        : Optional.empty();
  }

  /// The shortest exact form: `1500ms`, `20s`, `5m`.
  public static String show(Duration duration) {
    var millis = duration.toMillis();
    if (millis % 1000 != 0) {
      return "%dms".formatted(millis);
    }
    var seconds = millis / 1000;
    if (seconds == 0 || seconds % 60 != 0) {
      return "%ds".formatted(seconds);
    }
    return seconds % 3600 == 0 ? "%dh".formatted(seconds / 3600) : "%dm".formatted(seconds / 60);
  }
}
