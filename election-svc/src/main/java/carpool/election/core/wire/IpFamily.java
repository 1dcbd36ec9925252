package carpool.election.core.wire;

/// The two families an advertisement can travel in. A group sends one packet per family it has
/// addresses of, IPv4 first, each with a counter value of its own.
public enum IpFamily {
  IPV4,
  IPV6
}
