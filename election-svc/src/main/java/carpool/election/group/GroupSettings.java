package carpool.election.group;

import carpool.election.address.VirtualAddress;
import carpool.election.core.CarpConfig;
import carpool.election.core.Preempt;
import carpool.election.core.wire.CarpDigest;
import carpool.election.core.wire.CarpKey;
import carpool.election.core.wire.IpAddress;
import carpool.election.core.wire.IpFamily;
import carpool.kit.config.ElectionGroup;
import carpool.kit.config.Secret;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// One group of the configuration in the terms of this service.
///
/// @param peers the only nodes spoken with; empty: multicast
/// @param virtualMac the address answers from 00:00:5e:00:01:VHID
/// @param followed a pool follows this group: it is not ready until its orchestrator says so
/// @param syncGroup groups that say the same name here move together
public record GroupSettings(
    String name,
    String interfaceName,
    CarpConfig carp,
    CarpDigest digest,
    List<VirtualAddress> addresses,
    Set<IpAddress> peers,
    boolean virtualMac,
    boolean followed,
    Optional<String> syncGroup) {

  /// From the configuration.
  ///
  /// @param followed a pool follows the group, or one that moves with it
  public static GroupSettings of(ElectionGroup group, boolean followed) {
    var addresses =
        group.addresses().stream()
            .map(cidr ->
                new VirtualAddress(IpAddress.of(cidr.address().getAddress()), cidr.prefixLength()))
            .toList();
    var plain = addresses.stream().map(VirtualAddress::address).toList();
    var families =
        plain.stream().map(IpAddress::family).collect(Collectors.toCollection(TreeSet::new));
    var peers =
        group.peers().stream()
            .map(peer -> IpAddress.of(peer.getAddress()))
            .collect(Collectors.toSet());
    if (!peers.isEmpty()) {
      // A family without a peer has nobody to speak to; what is left decides.
      families.retainAll(peers.stream().map(IpAddress::family).collect(Collectors.toSet()));
    }
    var carp =
        new CarpConfig(
            group.vhid(),
            group.advbaseSeconds(),
            group.advskew(),
            preempt(group, followed),
            families,
            group.vip() == ElectionGroup.VipTime.WHEN_READY);
    return new GroupSettings(
        group.name(),
        group.interfaceName(),
        carp,
        CarpDigest.of(key(group.key()), group.vhid(), plain),
        addresses,
        peers,
        group.mac() == ElectionGroup.MacKind.VIRTUAL,
        followed,
        group.syncGroup());
  }

  /// What makes this group the same one after a restart, without its secret.
  public String identity() {
    return interfaceName + " vhid " + carp.vhid() + " " + addresses + " virtual mac " + virtualMac;
  }

  Set<IpAddress> plainAddresses() {
    return addresses.stream().map(VirtualAddress::address).collect(Collectors.toSet());
  }

  List<IpAddress> peersOf(IpFamily family) {
    return peers.stream().filter(peer -> peer.family() == family).sorted().toList();
  }

  /// A living pool moves by agreement of the orchestrators only, never because CARP alone says so.
  private static Preempt preempt(ElectionGroup group, boolean followed) {
    if (!group.preempt()) {
      return Preempt.NEVER;
    }
    return followed ? Preempt.DEMOTED : Preempt.SLOWER;
  }

  private static CarpKey key(ElectionGroup.SigningKey key) {
    return key.hex()
        .map(Secret::reveal)
        .map(CarpKey::ofHex)
        .orElseGet(() -> CarpKey.ofPassword(key.password().map(Secret::reveal).orElse("")));
  }
}
