package carpool.election.address;

import carpool.election.raw.PosixException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Puts the virtual addresses of one group on an interface and takes them off.
///
/// An address is added with a lifetime and renewed again and again: when the process is killed or
/// stopped, the kernel removes it before a peer takes over. What an administrator configured
/// (permanent, or there before us) is never touched.
///
/// One owner: the group's loop.
public final class AddressHolder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AddressHolder.class);

  private final List<VirtualAddress> addresses;
  private final AddressLedger ledger;
  private final KernelAddresses kernel;
  private final Optional<VirtualMacLink> virtualMac;
  private final Set<VirtualAddress> held = new HashSet<>();

  /// Whose prefix has a route of ours, because the interface had no other address in it.
  private final Set<VirtualAddress> routed = new HashSet<>();

  /// Why the record could not be kept; empty when it was.
  private String recordProblem = "";

  /// @param addresses in the order of the configuration
  /// @param virtualMac where the addresses go instead of the interface itself
  public AddressHolder(
      List<VirtualAddress> addresses,
      AddressLedger ledger,
      KernelAddresses kernel,
      Optional<VirtualMacLink> virtualMac) {
    this.virtualMac = virtualMac;
    this.addresses = List.copyOf(addresses);
    this.ledger = ledger;
    this.kernel = kernel;
  }

  /// Removes what a crashed process left, then notes what this one may add. Before any [#hold]. A
  /// record that cannot be read or kept is told and no reason not to serve: the kernel drops the
  /// addresses of a process that died.
  ///
  /// @param keep an earlier process ended just now and this one goes on with its addresses
  /// @param indexOf the index of an interface, or 0 when there is none of that name
  public void recover(
      String interfaceName, boolean keep, java.util.function.ToIntFunction<String> indexOf)
      throws IOException {
    int present = indexOf.applyAsInt(interfaceName);
    if (!keep) {
      for (var entry : recorded()) {
        int index = indexOf.applyAsInt(entry.interfaceName());
        if (index != 0) {
          removeLeftover(index, entry);
        }
      }
      if (virtualMac.isPresent() && present != 0) {
        virtualMac.get().destroy(present);
      }
    }
    try {
      ledger.write(
          addresses.stream()
              .map(address -> new AddressLedger.Entry(interfaceName, address))
              .toList());
    } catch (IOException e) {
      recordProblem =
          "the record of addresses cannot be kept, the service goes on without: " + ledger.text(e);
      LOG.error("{}", recordProblem);
    }
    if (keep && present != 0) {
      adopt(present);
    }
  }

  private List<AddressLedger.Entry> recorded() {
    try {
      return ledger.read();
    } catch (IOException e) {
      LOG.error("the record of addresses cannot be read: {}", ledger.text(e));
      return List.of();
    }
  }

  /// What an earlier process held is ours now.
  private void adopt(int index) throws IOException {
    int target = virtualMac.isPresent() ? virtualMac.get().ensure(index) : index;
    for (var present : kernel.list(target)) {
      addresses.stream().filter(address -> isOurs(present, address)).forEach(held::add);
    }
  }

  /// Added by this service: for a single host and with a lifetime.
  private static boolean isOurs(InterfaceAddress present, VirtualAddress address) {
    return !present.permanent()
        && present.address().equals(address.address())
        && present.prefixLength() == address.address().family().hostPrefixLength();
  }

  private void removeLeftover(int index, AddressLedger.Entry entry) throws PosixException {
    kernel.removeRoute(index, entry.address());
    for (var present : kernel.list(index)) {
      // Releases before 0.1.0 added them with the prefix of the network.
      boolean ours =
          isOurs(present, entry.address())
              || (!present.permanent()
                  && present.address().equals(entry.address().address())
                  && present.prefixLength() == entry.address().prefixLength());
      if (ours) {
        kernel.remove(index, present.address(), present.prefixLength());
        LOG.warn(
            "{}: removed {}, left behind by a process that did not stop in order",
            entry.interfaceName(),
            entry.address());
      }
    }
  }

  /// Makes sure every address is there for another `leaseSeconds`.
  ///
  /// @return what is wrong, one sentence per address; empty when all are held
  public List<String> hold(int index, int leaseSeconds) {
    var problems = new ArrayList<String>();
    int target = index;
    List<InterfaceAddress> present;
    try {
      if (virtualMac.isPresent()) {
        target = virtualMac.get().ensure(index);
      }
      // Looked at anew each time: DHCP, a network restart or an administrator may have changed it.
      present = kernel.list(index);
    } catch (PosixException e) {
      problems.add(e.getMessage());
      return problems;
    } catch (IOException e) {
      problems.add(VirtualMacLink.text(e));
      return problems;
    }
    for (var address : addresses) {
      if (present.stream().anyMatch(other -> isForeign(other, address))) {
        problems.add(foreign(address));
        continue;
      }
      try {
        kernel.put(target, address.address(), leaseSeconds);
        held.add(address);
        route(target, address, covered(present, address), leaseSeconds);
      } catch (PosixException e) {
        problems.add(e.getMessage() + (e.notPermitted() ? ": CAP_NET_ADMIN is missing" : ""));
      }
    }
    return problems;
  }

  /// Looks whether a [#hold] would find anything in its way, and changes nothing.
  ///
  /// @return what is wrong, one sentence per address; empty when nothing
  public List<String> check(int index) {
    try {
      var present = kernel.list(index);
      return addresses.stream()
          .filter(address -> present.stream().anyMatch(other -> isForeign(other, address)))
          .map(AddressHolder::foreign)
          .toList();
    } catch (PosixException e) {
      return List.of(e.getMessage());
    }
  }

  private static String foreign(VirtualAddress address) {
    return address + " is on the interface already and was not added by this service";
  }

  private boolean isForeign(InterfaceAddress present, VirtualAddress address) {
    return present.address().equals(address.address())
        && !(held.contains(address) && isOurs(present, address));
  }

  /// Whether another address of the interface brings a route to this one's prefix.
  private boolean covered(List<InterfaceAddress> present, VirtualAddress address) {
    return present.stream()
        .filter(other -> addresses.stream().noneMatch(ours -> isOurs(other, ours)))
        .anyMatch(other ->
            new VirtualAddress(other.address(), other.prefixLength()).covers(address.address()));
  }

  private void route(int index, VirtualAddress address, boolean covered, int leaseSeconds)
      throws PosixException {
    if (!covered && !address.singleHost()) {
      kernel.putRoute(index, address, leaseSeconds);
      routed.add(address);
    } else if (routed.contains(address)) {
      kernel.removeRoute(index, address);
      routed.remove(address);
    }
  }

  /// What is wrong besides the addresses themselves; empty when nothing.
  public String warning() {
    return recordProblem;
  }

  /// Takes our addresses off. What fails is told and tried again with the next call; the lease ends
  /// by itself in any case.
  public List<String> release(int index) {
    var problems = new ArrayList<String>();
    if (virtualMac.isPresent()) {
      try {
        // The addresses go with it.
        virtualMac.get().destroy(index);
        held.clear();
        routed.clear();
      } catch (IOException e) {
        problems.add(VirtualMacLink.text(e));
      }
    }
    for (var address : List.copyOf(held)) {
      try {
        if (routed.contains(address)) {
          kernel.removeRoute(index, address);
          routed.remove(address);
        }
        kernel.remove(index, address.address(), address.address().family().hostPrefixLength());
        held.remove(address);
      } catch (PosixException e) {
        problems.add(e.getMessage());
      }
    }
    return problems;
  }

  /// Whether all addresses were held at the last look.
  public boolean holdsAll() {
    return held.size() == addresses.size();
  }

  /// After an orderly stop: nothing is left to recover.
  public void forget() throws IOException {
    if (held.isEmpty()) {
      ledger.clear();
    }
  }

  @Override
  public void close() {
    kernel.close();
  }
}
