package carpool.election.core.wire;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/// The twenty key bytes shared by the nodes of a group. Never printed.
///
/// A password is its UTF-8 bytes, padded with NUL. ucarp and both BSD ifconfig programs stop at 19
/// bytes; a longer one would be cut there and refused here, so that both sides agree (carp.md 1.7).
public final class CarpKey {
  /// The longest password every implementation takes, in bytes.
  public static final int PASSWORD_BYTES_MAX = 19;

  /// Bytes of a key.
  public static final int KEY_BYTES = 20;

  private final byte[] bytes;

  private CarpKey(byte[] bytes) {
    this.bytes = bytes;
  }

  /// From a password of 1 to 19 bytes.
  ///
  /// @throws IllegalArgumentException if it is empty or longer; the text says so without the
  ///   password
  public static CarpKey ofPassword(String password) {
    byte[] utf8 = password.getBytes(StandardCharsets.UTF_8);
    if (utf8.length == 0 || utf8.length > PASSWORD_BYTES_MAX) {
      throw new IllegalArgumentException(
          "a CARP password has 1 to 19 bytes in UTF-8, this one has " + utf8.length);
    }
    byte[] padded = new byte[KEY_BYTES];
    System.arraycopy(utf8, 0, padded, 0, utf8.length);
    return new CarpKey(padded);
  }

  /// From the raw key in 40 hexadecimal digits: for peers that pad or cut passwords in ways of
  /// their own (FreeBSD's ifconfig can leave the tail of an older password behind the new one).
  ///
  /// @throws IllegalArgumentException if it is not 40 hexadecimal digits
  public static CarpKey ofHex(String hex) {
    if (hex.length() != 2 * KEY_BYTES || !hex.chars().allMatch(HexFormat::isHexDigit)) {
      throw new IllegalArgumentException("a raw CARP key is 40 hexadecimal digits");
    }
    return new CarpKey(HexFormat.of().parseHex(hex));
  }

  /// A copy for the MAC. All zeros is a legal key (a BSD vhid without a password).
  byte[] copy() {
    return bytes.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof CarpKey key && MessageDigest.isEqual(bytes, key.bytes);
  }

  @Override
  public int hashCode() {
    return CarpKey.class.hashCode();
  }

  @Override
  public String toString() {
    return "CarpKey[hidden]";
  }
}
