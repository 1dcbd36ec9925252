package carpool.kit.config;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/// A TCP endpoint as configured: host name or address (IPv6 without brackets) and port 1..65535.
public record HostPort(String host, int port) {

  /// The same host, `offset` ports higher: several services of a node share one configured address.
  public HostPort plus(int offset) {
    return new HostPort(host, port + offset);
  }

  /// Resolves the host now.
  public InetSocketAddress resolve() throws UnknownHostException {
    return new InetSocketAddress(InetAddress.getByName(host), port);
  }

  /// `host:port`, IPv6 addresses in brackets.
  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }
}
