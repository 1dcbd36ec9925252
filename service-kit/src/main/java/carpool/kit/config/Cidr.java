package carpool.kit.config;

import java.net.Inet4Address;
import java.net.InetAddress;

/// An address with its prefix length in bits, as `192.168.3.50/24` or `2001:db8::50/64`.
public record Cidr(InetAddress address, int prefixLength) {

  /// True for IPv4, false for IPv6.
  public boolean isIpv4() {
    return address instanceof Inet4Address;
  }

  @Override
  public String toString() {
    return address.getHostAddress() + "/" + prefixLength;
  }
}
