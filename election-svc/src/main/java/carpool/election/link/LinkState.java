package carpool.election.link;

import carpool.election.raw.Mac;

/// One network interface at one moment.
///
/// @param index of the kernel; changes when an interface is made anew under the same name
/// @param flags IFF_… bits
/// @param mac Ethernet address; 0 if it has none
public record LinkState(String name, int index, int flags, Mac mac) {
  private static final int UP = 0x1;
  private static final int RUNNING = 0x40;
  private static final int LOWER_UP = 0x10000;
  private static final int USABLE = UP | RUNNING | LOWER_UP;

  /// Up by the administrator, and with a carrier. Only link events tell: a send on an interface
  /// that lost its carrier succeeds (carp.md fact 10).
  public boolean usable() {
    return (flags & USABLE) == USABLE;
  }
}
