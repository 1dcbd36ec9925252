package carpool.election.core;

import carpool.election.core.wire.Advertisement;
import carpool.election.core.wire.CarpDigest;
import carpool.election.core.wire.CarpPacket;
import carpool.election.core.wire.Decoded;
import carpool.election.core.wire.DropReason;
import carpool.election.core.wire.IpAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The door of one group: every check a packet must pass before the machine hears of it.
///
/// The digest covers neither the priority nor the sender, so one packet caught on the wire can be
/// sent again with another skew (carp.md section 5). It does cover the counter: a counter value is
/// good once. Values heard and sent are remembered ([ReplayMemory]); a repetition is refused,
/// except from a sender that has never used another value: OpenBSD and pfSense send one value per
/// boot.
///
/// One owner, the loop of the group. No clock, no I/O.
public final class Inbound {
  /// Senders whose habits are remembered; the one heard of longest ago is forgotten first.
  static final int SENDERS_MAX = 16;

  private final int vhid;
  private final CarpDigest digest;
  private final Set<IpAddress> peers;
  private final Set<IpAddress> groups;
  private final ReplayMemory seen;
  private final Map<IpAddress, Sender> senders = new LinkedHashMap<>();

  /// What is known of one source address.
  ///
  /// @param repeats how often the present counter value was repeated
  /// @param constant the sender keeps one counter value per boot
  private record Sender(
      long counter, int repeats, boolean constant, boolean varying, int interval256) {}

  /// @param peers the only senders listened to; empty: everybody
  /// @param groups multicast destinations that are ours
  public Inbound(
      int vhid, CarpDigest digest, Set<IpAddress> peers, Set<IpAddress> groups, ReplayMemory seen) {
    this.vhid = vhid;
    this.digest = digest;
    this.peers = Set.copyOf(peers);
    this.groups = Set.copyOf(groups);
    this.seen = seen;
  }

  /// Judges one packet.
  ///
  /// @param own the addresses of this host on the interface, as of now
  public Verdict judge(ReceivedPacket packet, Set<IpAddress> own) {
    if (packet.ttl() != 255) {
      return dropped(DropReason.BAD_TTL);
    }
    if (own.contains(packet.source())) {
      return dropped(DropReason.LOOPED);
    }
    boolean forUs =
        packet.destination().multicast()
            ? groups.contains(packet.destination())
            : !peers.isEmpty() && own.contains(packet.destination());
    if (!forUs) {
      return dropped(DropReason.OTHER_DESTINATION);
    }
    if (!peers.isEmpty() && !peers.contains(packet.source())) {
      return dropped(DropReason.UNKNOWN_PEER);
    }
    return switch (CarpPacket.decode(packet.payloadBytes(), vhid, digest)) {
      case Decoded.Refused(var reason) -> dropped(reason);
      case Decoded.Genuine(var heard) -> remember(packet.source(), heard);
    };
  }

  /// Remembers a counter value of ours: coming back, it is a loop or a replay.
  public void sent(Advertisement ours) {
    seen.add(ours.counter());
  }

  private Verdict remember(IpAddress source, Advertisement heard) {
    var suspicions = new ArrayList<Suspicion>();
    var before = senders.remove(source);
    Sender after;
    if (before == null) {
      if (!seen.add(heard.counter())) {
        return new Verdict.Dropped(DropReason.REPLAYED, List.of(Suspicion.REPLAY));
      }
      suspicions.add(Suspicion.NEW_PEER);
      after = new Sender(heard.counter(), 0, false, false, heard.interval256());
    } else if (heard.counter() == before.counter() && !before.varying()) {
      int repeats = before.repeats() + 1;
      after =
          new Sender(
              heard.counter(),
              repeats,
              before.constant() || repeats >= 3,
              false,
              heard.interval256());
    } else if (seen.add(heard.counter())) {
      // A constant sender that changed its value has rebooted; any other one varies from now on.
      after =
          new Sender(
              heard.counter(), 0, before.constant(), !before.constant(), heard.interval256());
    } else {
      senders.put(source, before);
      return new Verdict.Dropped(DropReason.REPLAYED, List.of(Suspicion.REPLAY));
    }
    if (before != null && !heard.leaving() && before.interval256() != heard.interval256()) {
      suspicions.add(Suspicion.PRIORITY_CHANGED);
    }
    senders.put(source, after);
    if (senders.size() > SENDERS_MAX) {
      senders.remove(senders.keySet().iterator().next());
    }
    return new Verdict.Accepted(source, heard, List.copyOf(suspicions));
  }

  private static Verdict dropped(DropReason reason) {
    return new Verdict.Dropped(reason, List.of());
  }
}
