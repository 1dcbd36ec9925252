package carpool.election.address;

import carpool.election.core.wire.IpAddress;

/// An address on an interface.
///
/// @param prefixLength bits
/// @param permanent without a lifetime: set by an administrator or a daemon that meant it to stay
public record InterfaceAddress(
    int interfaceIndex, IpAddress address, int prefixLength, boolean permanent) {}
