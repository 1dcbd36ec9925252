package carpool.election.peer;

import static carpool.election.peer.Command.attempt;
import static carpool.election.peer.Command.sh;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/// A switch (a bridge in a namespace of its own) with nodes on it: node number n has 10.77.0.n and
/// fd00:77::n on its eth0. Everything is removed on close, names are unique.
final class Wire implements Guest {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final String prefix =
      "cp" + Long.toString(ProcessHandle.current().pid(), 36) + "x" + COUNT.incrementAndGet();
  private final int nodes;
  private final Path directory;
  private final List<Guest> guests = new ArrayList<>();

  /// @param nodes how many; the last one is the client and witness
  Wire(int nodes) {
    this.nodes = nodes;
    try {
      this.directory = Files.createTempDirectory("carp-wire");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String hub = hub();
    sh("ip netns add " + hub);
    sh("ip -n " + hub + " link add br0 type bridge mcast_snooping 0");
    sh("ip -n " + hub + " link set br0 up");
    for (int n = 1; n <= nodes; n++) {
      String ns = ns(n);
      sh("ip netns add " + ns);
      sh("ip -n " + hub + " netns set " + ns + " " + n);
      sh("ip -n " + ns + " link set lo up");
      sh("ip -n " + ns + " link add eth0 type veth peer name p" + n + " netns " + hub);
      sh("ip -n " + ns + " addr add 10.77.0." + n + "/24 dev eth0");
      sh("ip -n " + ns + " addr add fd00:77::" + n + "/64 dev eth0 nodad");
      sh("ip -n " + ns + " link set eth0 up");
      sh("ip -n " + hub + " link set p" + n + " master br0 up");
    }
  }

  String ns(int node) {
    return prefix + node;
  }

  /// Of the switch. From here the nodes' namespaces are known by their numbers.
  String hub() {
    return prefix + "s";
  }

  int client() {
    return nodes;
  }

  Path directory() {
    return directory;
  }

  /// Runs a command in a node's namespace.
  String in(int node, String words) {
    return sh("ip netns exec " + ns(node) + " " + words);
  }

  /// Pulls or plugs the cable at the switch: carrier lost, interface still up.
  void cable(int node, boolean plugged) {
    sh("ip -n " + hub() + " link set p" + node + (plugged ? " up" : " down"));
  }

  /// Cuts a node off with its carrier on, or joins it again.
  void partition(int node, boolean cut) {
    sh("ip -n " + hub() + " link set p" + node + (cut ? " nomaster" : " master br0"));
  }

  /// Administrative state of a node's interface.
  void interfaceUp(int node, boolean up) {
    sh("ip -n " + ns(node) + " link set eth0" + (up ? " up" : " down"));
  }

  /// Whether the address is on the node now.
  boolean has(int node, String address) {
    return sh("ip -n " + ns(node) + " -o addr show").contains(" " + address + "/");
  }

  /// To be closed with the wire.
  <T extends Guest> T guest(T guest) {
    guests.add(guest);
    return guest;
  }

  @Override
  public void close() {
    for (var guest : guests.reversed()) {
      guest.close();
    }
    for (int n = 1; n <= nodes; n++) {
      attempt("ip netns del " + ns(n));
    }
    attempt("ip netns del " + hub());
  }
}
