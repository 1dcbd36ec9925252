package carpool.election.core.wire;

/// What came of reading a packet.
public sealed interface Decoded {

  /// Somebody who knows the key made this counter and digest, now or once.
  record Genuine(Advertisement advertisement) implements Decoded {}

  /// Not for us or not right; counted under its reason.
  record Refused(DropReason reason) implements Decoded {}
}
