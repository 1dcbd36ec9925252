package carpool.cli.hastctl;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// Sizes as hastctl takes them (`lib/libutil/expand_number.c`): a number in C notation (decimal,
/// 0x, 0) and at most one unit letter b k m g t p e of either case, powers of 1024.
public final class SizeOption {
  private static final Pattern FORM =
      Pattern.compile("(0x[0-9a-f]{1,16}|0[0-7]{0,21}|[1-9][0-9]{0,18})([bkmgtpe]?)");

  private SizeOption() {}

  /// Empty when `text` is no size or more than 2^63 − 1.
  public static Optional<Long> parse(String text) {
    var match = FORM.matcher(text.toLowerCase(Locale.ROOT));
    if (!match.matches()) {
      return Optional.empty();
    }
    try {
      var number = Long.decode(match.group(1));
      var unit = match.group(2);
      var shift = unit.isEmpty() ? 0 : 10 * "bkmgtpe".indexOf(unit);
      return number > (Long.MAX_VALUE >> shift) ? Optional.empty() : Optional.of(number << shift);
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }
}
