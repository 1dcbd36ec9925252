package carpool.election.core.wire;

/// Why a received packet was not acted on. The list is the list of checks, in the order in which
/// they are made; each is a counter in status and metrics.
public enum DropReason {
  /// TTL or hop limit was not 255: it came through a router. Checked for unicast peers too.
  BAD_TTL("bad-ttl", "received ttl is not 255"),
  /// Fewer than 36 bytes after the IP header.
  TOO_SHORT("too-short", "packet too short"),
  /// Our own packet came back: our source address.
  LOOPED("looped", "looped packet"),
  /// Sent neither to the group's multicast address nor, with unicast peers, to us.
  OTHER_DESTINATION("other-destination", "sent to another group or host"),
  /// Peers are listed and the sender is not one of them.
  UNKNOWN_PEER("unknown-peer", "sender is not a configured peer"),
  /// Version nibble neither 2 nor 3.
  BAD_VERSION("bad-version", "unsupported version"),
  /// Version nibble 3, a VRRPv3 router. Quietly ignored.
  VRRP("vrrp", "VRRP packet"),
  /// Another group's packet. Quietly ignored.
  OTHER_VHID("other-vhid", "another vhid"),
  /// Internet checksum over the 36 bytes.
  BAD_CHECKSUM("bad-checksum", "checksum failed"),
  /// Type nibble other than 1.
  BAD_TYPE("bad-type", "not an advertisement"),
  /// Authentication length other than 7.
  BAD_AUTHLEN("bad-authlen", "bad authentication length"),
  /// Wrong password, or another list of addresses.
  BAD_DIGEST(
      "bad-digest", "incorrect hash: check vhid, password and the list of virtual addresses"),
  /// A counter value that we sent or heard before, from a sender whose values change: a replay.
  REPLAYED("replayed", "replay or network loop detected");

  private final String label;
  private final String text;

  DropReason(String label, String text) {
    this.label = label;
    this.text = text;
  }

  /// Name in metrics and status: lower case, hyphens.
  public String label() {
    return label;
  }

  /// What a log line says.
  public String text() {
    return text;
  }
}
