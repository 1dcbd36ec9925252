package carpool.election.core.wire;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// One IPv4 or IPv6 address as a value. Ordered as CARP hashes addresses: IPv4 first, then by
/// unsigned bytes. No scope: a link-local address is hashed with its scope zeroed (carp.md 1.6).
///
/// @param family which of the two
/// @param high the upper 64 bits of an IPv6 address; 0 for IPv4
/// @param low the lower 64 bits of an IPv6 address; the 32 bits of an IPv4 address
public record IpAddress(IpFamily family, long high, long low) implements Comparable<IpAddress> {

  /// From 4 or 16 bytes in network order.
  public static IpAddress of(byte... bytes) {
    return switch (bytes.length) {
      case 4 -> new IpAddress(IpFamily.IPV4, 0, read(bytes, 0, 4));
      case 16 -> new IpAddress(IpFamily.IPV6, read(bytes, 0, 8), read(bytes, 8, 8));
      default -> throw new IllegalArgumentException("an address has 4 or 16 bytes");
    };
  }

  /// From text: dotted decimal or colon form (with `::`, and a dotted tail), never a name.
  ///
  /// @throws IllegalArgumentException if it is neither
  public static IpAddress parse(String text) {
    return text.indexOf(':') >= 0 ? parseIpv6(text) : of(parseIpv4(text));
  }

  /// 4 or 16 bytes, network order.
  public byte[] bytes() {
    byte[] out = new byte[family == IpFamily.IPV4 ? 4 : 16];
    for (int i = 0; i < out.length; i++) {
      int fromEnd = out.length - 1 - i;
      long word = fromEnd >= 8 ? high : low;
      out[i] = (byte) (word >>> (8 * (fromEnd % 8)));
    }
    return out;
  }

  /// fe80::/10, which OpenBSD leaves out of the digests it sends.
  public boolean linkLocal() {
    return family == IpFamily.IPV6 && (high >>> 54) == (0xfe80L >>> 6);
  }

  /// 224.0.0.0/4 or ff00::/8.
  public boolean multicast() {
    return family == IpFamily.IPV4 ? (low >>> 28) == 0xe : (high >>> 56) == 0xff;
  }

  /// 0.0.0.0 or ::.
  public boolean unspecified() {
    return high == 0 && low == 0;
  }

  @Override
  public int compareTo(IpAddress other) {
    if (family != other.family) {
      return family.compareTo(other.family);
    }
    int upper = Long.compareUnsigned(high, other.high);
    return upper != 0 ? upper : Long.compareUnsigned(low, other.low);
  }

  /// Dotted decimal, or the short form of RFC 5952.
  @Override
  public String toString() {
    if (family == IpFamily.IPV4) {
      return "%d.%d.%d.%d"
          .formatted(low >>> 24 & 255, low >>> 16 & 255, low >>> 8 & 255, low & 255);
    }
    int bestStart = -1;
    int bestLength = 1;
    for (int start = 0; start < 8; start++) {
      int length = 0;
      while (start + length < 8 && group(start + length) == 0) {
        length++;
      }
      if (length > bestLength) {
        bestStart = start;
        bestLength = length;
      }
    }
    var out = new StringBuilder();
    int i = 0;
    while (i < 8) {
      if (i == bestStart) {
        out.append("::");
        i += bestLength;
        continue;
      }
      if (!out.isEmpty() && out.charAt(out.length() - 1) != ':') {
        out.append(':');
      }
      out.append(Integer.toHexString(group(i)));
      i++;
    }
    return out.toString();
  }

  private int group(int index) {
    long word = index < 4 ? high : low;
    return (int) (word >>> (16 * (3 - index % 4)) & 0xffff);
  }

  private static long read(byte[] bytes, int offset, int count) {
    long value = 0;
    for (int i = 0; i < count; i++) {
      value = value << 8 | (bytes[offset + i] & 0xff);
    }
    return value;
  }

  private static byte[] parseIpv4(String text) {
    String[] parts = text.split("\\.", -1);
    byte[] out = new byte[4];
    if (parts.length != 4) {
      throw notAnAddress(text);
    }
    for (int i = 0; i < 4; i++) {
      out[i] = (byte) number(parts[i], 10, 255, 3, text);
    }
    return out;
  }

  private static IpAddress parseIpv6(String text) {
    int gap = text.indexOf("::");
    if (gap >= 0 && text.indexOf("::", gap + 1) >= 0) {
      throw notAnAddress(text);
    }
    List<Integer> head = groups(gap < 0 ? text : text.substring(0, gap), text);
    List<Integer> tail = gap < 0 ? List.of() : groups(text.substring(gap + 2), text);
    int missing = 8 - head.size() - tail.size();
    if (gap < 0 ? missing != 0 : missing < 1) {
      throw notAnAddress(text);
    }
    var all = new ArrayList<Integer>(head);
    for (int i = 0; i < missing; i++) {
      all.add(0);
    }
    all.addAll(tail);
    byte[] out = new byte[16];
    for (int i = 0; i < 8; i++) {
      out[2 * i] = (byte) (all.get(i) >>> 8);
      out[2 * i + 1] = (byte) (int) all.get(i);
    }
    return of(out);
  }

  private static List<Integer> groups(String part, String text) {
    var out = new ArrayList<Integer>();
    if (part.isEmpty()) {
      return out;
    }
    String[] pieces = part.split(":", -1);
    for (int i = 0; i < pieces.length; i++) {
      if (i == pieces.length - 1 && pieces[i].indexOf('.') >= 0) {
        byte[] dotted = parseIpv4(pieces[i]);
        out.add((dotted[0] & 0xff) << 8 | (dotted[1] & 0xff));
        out.add((dotted[2] & 0xff) << 8 | (dotted[3] & 0xff));
      } else {
        out.add(number(pieces[i], 16, 0xffff, 4, text));
      }
    }
    return out;
  }

  private static int number(String digits, int radix, int max, int length, String text) {
    boolean plain = !digits.isEmpty() && digits.length() <= length;
    for (int i = 0; plain && i < digits.length(); i++) {
      plain = HexFormat.isHexDigit(digits.charAt(i));
    }
    try {
      int value = plain ? Integer.parseInt(digits, radix) : -1;
      if (value >= 0 && value <= max) {
        return value;
      }
    } catch (NumberFormatException _) {
      // Falls through: a hexadecimal digit in a decimal number.
    }
    throw notAnAddress(text);
  }

  private static IllegalArgumentException notAnAddress(String text) {
    return new IllegalArgumentException("not an IPv4 or IPv6 address: " + text);
  }
}
