package carpool.cli.output;

import com.google.protobuf.ProtocolMessageEnum;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;

/// Values of the contracts as words for people.
public final class Words {

  private Words() {}

  /// `ROLE_PRIMARY` → `primary`, `DISK_STATE_UP_TO_DATE` → `up-to-date`, unspecified → `-`.
  public static String of(ProtocolMessageEnum value) {
    var name = value.toString();
    if (name.equals("UNRECOGNIZED")) {
      return "unknown";
    }
    var prefix = value.getDescriptorForType().getName().replaceAll("([a-z])([A-Z])", "$1_$2") + "_";
    var word =
        name.toUpperCase(Locale.ROOT).startsWith(prefix.toUpperCase(Locale.ROOT))
            ? name.substring(prefix.length())
            : name;
    return word.equals("UNSPECIFIED") ? "-" : word.toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /// Time since an instant in milliseconds since 1970, as `3m12s`; `-` when it is 0.
  public static String since(long unixMillis, Instant now) {
    if (unixMillis == 0) {
      return "-";
    }
    var age = Duration.between(Instant.ofEpochMilli(unixMillis), now);
    return span(age.isNegative() ? Duration.ZERO : age);
  }

  /// The two largest units: `12d3h`, `3m12s`, `4s`.
  public static String span(Duration span) {
    if (span.toDays() > 0) {
      return span.toDays() + "d" + span.toHoursPart() + "h";
    }
    if (span.toHours() > 0) {
      return span.toHours() + "h" + span.toMinutesPart() + "m";
    }
    return span.toMinutes() > 0
        ? span.toMinutes() + "m" + span.toSecondsPart() + "s"
        : span.toSeconds() + "s";
  }

  /// Milliseconds as seconds: `1.234 s`.
  public static String seconds(long millis) {
    return String.format(Locale.ROOT, "%.3f s", millis / 1000.0);
  }

  /// `text`, or `-` when it is empty.
  public static String orDash(String text) {
    return text.isEmpty() ? "-" : text;
  }
}
