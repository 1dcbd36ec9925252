package carpool.election.address;

import carpool.election.core.wire.IpAddress;
import java.util.Optional;

/// A virtual address with its prefix length in bits.
public record VirtualAddress(IpAddress address, int prefixLength) {

  /// Reads `192.0.2.50/24`; empty if it is nothing of the kind.
  static Optional<VirtualAddress> parse(String text) {
    int slash = text.indexOf('/');
    try {
      return slash < 0
          ? Optional.empty()
          : Optional.of(
              new VirtualAddress(
                  IpAddress.parse(text.substring(0, slash)),
                  Integer.parseInt(text.substring(slash + 1))));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  /// True when nothing else lies in this prefix.
  boolean singleHost() {
    return prefixLength >= address.family().hostPrefixLength();
  }

  /// The address with all bits behind the prefix cleared.
  byte[] network() {
    byte[] bytes = address.bytes().clone();
    for (int bit = prefixLength; bit < bytes.length * 8; bit++) {
      bytes[bit / 8] &= (byte) ~(0x80 >>> (bit % 8));
    }
    return bytes;
  }

  /// Whether `other` lies in this prefix.
  boolean covers(IpAddress other) {
    if (other.family() != address.family()) {
      return false;
    }
    byte[] mine = address.bytes();
    byte[] theirs = other.bytes();
    for (int bit = 0; bit < prefixLength && bit < mine.length * 8; bit++) {
      int mask = 0x80 >>> (bit % 8);
      if (((mine[bit / 8] ^ theirs[bit / 8]) & mask) != 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return address + "/" + prefixLength;
  }
}
