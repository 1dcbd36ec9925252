package carpool.kit.config;

import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The network interfaces of a machine with their own addresses.
///
/// @param addresses by the interface's name
public record LocalInterfaces(Map<String, List<Cidr>> addresses) {
  private static final Path SYSFS = Path.of("/sys/class/net");

  /// Those of this machine now; also the ones without an address.
  public static LocalInterfaces ofThisMachine() {
    var found = new TreeMap<String, List<Cidr>>();
    try (var names = Files.list(SYSFS)) {
      // Java lists interfaces with an address only.
      names
          .filter(Files::isDirectory)
          .forEach(name -> found.put(name.getFileName().toString(), List.of()));
    } catch (IOException _) {
      // Not Linux: what Java lists has to do.
    }
    try {
      for (var each : NetworkInterface.networkInterfaces().toList()) {
        var own = new ArrayList<Cidr>();
        for (var address : each.getInterfaceAddresses()) {
          own.add(new Cidr(address.getAddress(), address.getNetworkPrefixLength()));
        }
        found.put(each.getName(), List.copyOf(own));
      }
    } catch (SocketException _) {
      // Then nothing is known about addresses.
    }
    return new LocalInterfaces(found);
  }

  boolean has(String name) {
    return addresses.containsKey(name);
  }

  String names() {
    return String.join(", ", addresses.keySet());
  }

  /// Whether the interface has an address of the family, and one that is not the shared one itself.
  boolean hasOwn(String name, Cidr shared) {
    return addresses.getOrDefault(name, List.of()).stream()
        .anyMatch(
            own -> own.isIpv4() == shared.isIpv4() && !own.address().equals(shared.address()));
  }

  /// Whether the shared address is in the subnet of one of the interface's own addresses.
  boolean reaches(String name, Cidr shared) {
    return addresses.getOrDefault(name, List.of()).stream()
        .filter(own -> !own.address().equals(shared.address()))
        .anyMatch(own -> inSubnet(own, shared.address()));
  }

  String subnets(String name) {
    return String.join(
        ", ", addresses.getOrDefault(name, List.of()).stream().map(Cidr::toString).toList());
  }

  private static boolean inSubnet(Cidr own, InetAddress address) {
    var network = own.address().getAddress();
    var host = address.getAddress();
    if (network.length != host.length) {
      return false;
    }
    for (int bit = 0; bit < own.prefixLength(); bit++) {
      int mask = 0x80 >> (bit & 7);
      if ((network[bit >> 3] & mask) != (host[bit >> 3] & mask)) {
        return false;
      }
    }
    return true;
  }
}
