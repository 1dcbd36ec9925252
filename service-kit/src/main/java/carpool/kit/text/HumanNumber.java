package carpool.kit.text;

/// Sizes as FreeBSD's humanize_number(3) prints them with four characters, `B` as suffix and one
/// decimal (`lib/libutil/humanize_number.c`): `0B`, `999B`, `1.0KB`, `128KB`, `10GB`.
public final class HumanNumber {
  private static final String[] UNITS = {"", "K", "M", "G", "T", "P", "E"};

  private HumanNumber() {}

  /// `bytes` must not be negative.
  public static String bytes(long bytes) {
    var value = bytes;
    var remainder = 0L;
    var unit = 0;
    while ((value >= 1000 || (value == 999 && remainder >= 512)) && unit < UNITS.length - 1) {
      remainder = value % 1024;
      value /= 1024;
      unit++;
    }
    if (unit > 0 && (value < 9 || (value == 9 && remainder < 973))) {
      var tenths = (remainder * 10 + 512) / 1024;
      var whole = value + tenths / 10;
      return whole + "." + tenths % 10 + UNITS[unit] + "B";
    }
    return (value + (remainder >= 512 ? 1 : 0)) + UNITS[unit] + "B";
  }
}
