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
  private final Set<VirtualAddress> foreign = new HashSet<>();
  private final Set<VirtualAddress> ownRoute = new HashSet<>();
  private final Set<VirtualAddress> held = new HashSet<>();
  private boolean checked;

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

  /// Removes what a crashed process left, then notes what this one may add. Before any [#hold].
  ///
  /// @param indexOf the index of an interface, or 0 when there is none of that name
  public void recover(String interfaceName, java.util.function.ToIntFunction<String> indexOf)
      throws IOException {
    for (var entry : ledger.read()) {
      int index = indexOf.applyAsInt(entry.interfaceName());
      if (index != 0) {
        removeLeftover(index, entry);
      }
    }
    int present = indexOf.applyAsInt(interfaceName);
    if (virtualMac.isPresent() && present != 0) {
      virtualMac.get().destroy(present);
    }
    ledger.write(
        addresses.stream()
            .map(address -> new AddressLedger.Entry(interfaceName, address))
            .toList());
  }

  private void removeLeftover(int index, AddressLedger.Entry entry) throws PosixException {
    for (var present : kernel.list(index)) {
      boolean ours =
          !present.permanent()
              && present.address().equals(entry.address().address())
              && present.prefixLength() == entry.address().prefixLength();
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
    if (!checked) {
      check(index, problems);
    }
    int target = index;
    try {
      if (virtualMac.isPresent()) {
        target = virtualMac.get().ensure(index);
      }
    } catch (IOException e) {
      problems.add(VirtualMacLink.text(e));
      return problems;
    }
    for (var address : addresses) {
      if (foreign.contains(address)) {
        problems.add(address + " is on the interface already and was not added by this service");
        continue;
      }
      try {
        kernel.put(
            target,
            address.address(),
            address.prefixLength(),
            leaseSeconds,
            ownRoute.contains(address));
        held.add(address);
      } catch (PosixException e) {
        problems.add(e.getMessage() + (e.notPermitted() ? ": CAP_NET_ADMIN is missing" : ""));
      }
    }
    return problems;
  }

  /// Looks, before the first address is added, at what others put there.
  private void check(int index, List<String> problems) {
    try {
      var present = kernel.list(index);
      foreign.clear();
      ownRoute.clear();
      for (var address : addresses) {
        boolean there =
            present.stream().anyMatch(other -> other.address().equals(address.address()));
        if (there && !held.contains(address)) {
          foreign.add(address);
        }
        boolean routed =
            present.stream()
                .filter(other -> other.permanent() || !heldAddress(other))
                .anyMatch(other ->
                    new VirtualAddress(other.address(), other.prefixLength())
                        .covers(address.address()));
        if (!routed) {
          ownRoute.add(address);
        }
      }
      checked = true;
    } catch (PosixException e) {
      problems.add(e.getMessage());
    }
  }

  private boolean heldAddress(InterfaceAddress other) {
    return held.stream().anyMatch(address -> address.address().equals(other.address()));
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
      } catch (IOException e) {
        problems.add(VirtualMacLink.text(e));
      }
    }
    for (var address : List.copyOf(held)) {
      try {
        kernel.remove(index, address.address(), address.prefixLength());
        held.remove(address);
      } catch (PosixException e) {
        problems.add(e.getMessage());
      }
    }
    checked = false;
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
