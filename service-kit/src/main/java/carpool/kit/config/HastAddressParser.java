package carpool.kit.config;

import java.util.Locale;
import java.util.Optional;

/// Addresses of hast.conf: the rules of FreeBSD's sbin/hastd/proto_tcp.c and proto_uds.c.
final class HastAddressParser {
  static final String FORM =
      "[tcp://|tcp4://|tcp6://]HOST[:PORT], IPv6 with a port in brackets; port 1..65535";

  private HastAddressParser() {}

  /// Empty when `text` is no TCP address; unix sockets make no sense between nodes.
  static Optional<HastAddress> parse(String text, int defaultPort) {
    var family = HastAddress.Family.TCP;
    var rest = text;
    var lower = text.toLowerCase(Locale.ROOT);
    if (lower.startsWith("tcp4://")) {
      family = HastAddress.Family.TCP4;
      rest = text.substring(7);
    } else if (lower.startsWith("tcp6://")) {
      family = HastAddress.Family.TCP6;
      rest = text.substring(7);
    } else if (lower.startsWith("tcp://")) {
      rest = text.substring(6);
    }
    if (rest.isEmpty() || rest.indexOf('/') >= 0) {
      return Optional.empty();
    }
    var host = rest;
    var port = Integer.toString(defaultPort);
    if (rest.startsWith("[")) {
      var end = rest.indexOf(']');
      if (end < 0) {
        return Optional.empty();
      }
      host = rest.substring(1, end);
      var tail = rest.substring(end + 1);
      if (!tail.isEmpty()) {
        if (!tail.startsWith(":")) {
          return Optional.empty();
        }
        port = tail.substring(1);
      }
    } else if (rest.indexOf(':') >= 0 && rest.indexOf(':') == rest.lastIndexOf(':')) {
      host = rest.substring(0, rest.indexOf(':'));
      port = rest.substring(rest.indexOf(':') + 1);
    }
    var number = portNumber(port);
    var isDefault = port.equals(Integer.toString(defaultPort));
    if (host.isEmpty() || host.length() > 255 || (!isDefault && (number < 1 || number > 65535))) {
      return Optional.empty();
    }
    return Optional.of(new HastAddress(text, family, host, number));
  }

  private static int portNumber(String digits) {
    return digits.matches("[0-9]{1,5}") ? Integer.parseInt(digits) : -1;
  }
}
