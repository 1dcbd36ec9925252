package carpool.election.core.wire;

/// The two families an advertisement can travel in. A group sends one packet per family it has
/// addresses of, IPv4 first, each with a counter value of its own.
public enum IpFamily {
  IPV4(32),
  IPV6(128);

  private final int hostPrefixLength;

  IpFamily(int hostPrefixLength) {
    this.hostPrefixLength = hostPrefixLength;
  }

  /// Bits of the prefix in which a single host is alone.
  public int hostPrefixLength() {
    return hostPrefixLength;
  }
}
