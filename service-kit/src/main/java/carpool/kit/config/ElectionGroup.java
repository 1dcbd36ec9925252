package carpool.kit.config;

import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// One CARP group (virtual host) of `election:`.
///
/// @param interfaceName network interface of this node
/// @param vhid virtual host id, 1..255
/// @param key what the advertisements are signed with
/// @param addresses the virtual addresses, IPv4 and IPv6 mixed, in the order of the file
/// @param advbaseSeconds 1..255
/// @param advskew of this node, in 1/256 s, 0..254
/// @param preempt whether a better node takes back from a worse MASTER
/// @param preemptDelay for which it has been ready before it asks for a served pool
/// @param reachable hosts beyond the clients' network that answer while this node is on it; empty
///   list: none is asked; absent: the gateway
/// @param peers unicast destinations without this host's own addresses; empty means multicast
/// @param syncGroup groups that say the same name here move together; absent: it moves alone
public record ElectionGroup(
    String name,
    String interfaceName,
    int vhid,
    SigningKey key,
    List<Cidr> addresses,
    int advbaseSeconds,
    int advskew,
    boolean preempt,
    Duration preemptDelay,
    List<InetAddress> peers,
    VipTime vip,
    MacKind mac,
    Optional<List<InetAddress>> reachable,
    Optional<String> syncGroup) {

  /// The signing key: a password, or 20 bytes given as 40 hexadecimal digits; exactly one is there.
  public record SigningKey(Optional<Secret> password, Optional<Secret> hex) {}

  /// When the address is put up.
  public enum VipTime {
    /// As soon as this node is MASTER.
    WITH_MASTER,
    /// After the services of the pools that follow the group are up.
    WHEN_READY
  }

  /// Which MAC address answers for the virtual address.
  public enum MacKind {
    REAL,
    VIRTUAL
  }
}
