package carpool.orchestrator.core;

import carpool.orchestrator.core.ClientSight.Evidence;
import org.jspecify.annotations.Nullable;

/// Which node gives way when the client network is cut silently between the two, one per election
/// group.
///
/// Two MASTERs that tell each other so over the replication network are the proof of the cut: each
/// hears no advertisements. Where it is cut only evidence can tell. A node gives way when its own
/// network has been dead for a while, the other's was alive well after that, and the other could
/// serve; without evidence nothing moves, and an operator is told.
///
/// Two nodes never give way to each other: what one must have seen of the other is newer than what
/// it has not seen of its own network for longer ([SightTrack#WELL] is less than any silence that
/// counts), and one that gives way is no MASTER any more for the other.
///
/// It ends when the own network is well again, or the other node says that it is not MASTER. It
/// goes on while the other node is not heard at all: then both networks are cut from here, and a
/// node without clients has no use for the pool.
///
/// Not thread-safe; time is the caller's.
public final class ClientNetworkRule {
  private static final long SECOND = 1_000_000_000L;

  /// Two are MASTER for a moment when the role moves in an orderly way, too.
  private static final long BOTH = 4 * SECOND;

  /// A cut that nothing tells the place of, before an operator is told.
  private static final long ALARM = 10 * SECOND;

  /// For how long a network must be well again, or the other node not MASTER.
  private static final long BACK = 5 * SECOND;

  /// How long giving way lasts at least; doubled each time, so that a network that comes and goes
  /// does not move the pool with it.
  private static final long HOLD = 30 * SECOND;

  private static final long HOLD_MAX = 120 * SECOND;

  /// A network that was well for so long begins anew.
  private static final long FORGET = 600 * SECOND;

  /// Between two looks of one run.
  private static final long GAP_MAX = 8 * SECOND;

  /// What follows from a look.
  ///
  /// @param lost why this node has to give way; empty: it has not
  /// @param alarm what an operator has to know besides; empty: nothing
  public record Verdict(String lost, String alarm) {
    /// Nothing is wrong.
    public static final Verdict NOTHING = new Verdict("", "");
  }

  private boolean looked;
  private long lookedNanos;
  private @Nullable Long bothSince;
  private String lost = "";
  private long lostSince;
  private long hold = HOLD;
  private @Nullable Long endedNanos;
  private @Nullable Long wellSince;
  private @Nullable Long deposedSince;

  /// Looks anew, about every two seconds.
  ///
  /// @param own what this node sees
  /// @param peer what the other one told, aged; null when it is not heard
  /// @param peerName for texts
  /// @param peerAble the other node's copies are up to date and connected
  /// @param heard an advertisement of the other node was heard on the client network just now
  public Verdict look(
      long now,
      ClientSight own,
      @Nullable ClientSight peer,
      String peerName,
      boolean peerAble,
      boolean heard) {
    if (!looked || now - lookedNanos > GAP_MAX) {
      bothSince = null;
      wellSince = null;
      deposedSince = null;
    }
    looked = true;
    lookedNanos = now;
    if (!lost.isEmpty()) {
      return givingWay(now, own, peer, heard);
    }
    var both = own.master() && peer != null && peer.master() && !peer.givesWay();
    bothSince = since(both, bothSince, now);
    if (bothSince == null || peer == null) {
      return Verdict.NOTHING;
    }
    var duration = now - bothSince;
    if (duration >= patience(own) && own.cut() && peer.well() && peerAble) {
      lost =
          "the client network is cut here: %s, while for %s, MASTER as well, %s"
              .formatted(own.text(), peerName, peer.text());
      begin(now);
      return new Verdict(lost, "");
    }
    return duration >= ALARM
        ? new Verdict("", alarm(own, peer, peerName, peerAble))
        : Verdict.NOTHING;
  }

  /// Nothing received is a proof only while the other node sends.
  private static long patience(ClientSight own) {
    return own.evidence() == Evidence.TRAFFIC ? SightTrack.TRAFFIC_SILENCE : BOTH;
  }

  private static String alarm(
      ClientSight own, ClientSight peer, String peerName, boolean peerAble) {
    var head =
        "this node and %s are both MASTER: the client network is cut between them"
            .formatted(peerName);
    if (own.cut() && peer.well() && !peerAble) {
      return head
          + ", here (%s), but %s could not serve: its copy is not up to date"
              .formatted(own.text(), peerName);
    }
    if (peer.cut() && own.well()) {
      return head + ", there (%s); it should give way".formatted(peer.text());
    }
    return head
        + ", and nothing tells at which end (here %s; there %s), so the pool stays; repair the"
            .formatted(own.text(), peer.text())
        + " network, or carpool switchover on the node that serves";
  }

  private void begin(long now) {
    lostSince = now;
    var again = endedNanos != null && now - endedNanos < FORGET;
    hold = again ? Math.min(2 * hold, HOLD_MAX) : HOLD;
    wellSince = null;
    deposedSince = null;
  }

  private Verdict givingWay(long now, ClientSight own, @Nullable ClientSight peer, boolean heard) {
    wellSince = since(own.well() || heard, wellSince, now);
    deposedSince = since(peer != null && !peer.master(), deposedSince, now);
    var well = wellSince != null && now - wellSince >= BACK;
    var held = now - lostSince < hold;
    var peerCut = peer != null && peer.cut();
    var deposed = deposedSince != null && now - deposedSince >= BACK;
    if ((well && (!held || peerCut)) || deposed) {
      lost = "";
      endedNanos = now;
      bothSince = null;
      return Verdict.NOTHING;
    }
    return new Verdict(lost, "");
  }

  private static @Nullable Long since(boolean holds, @Nullable Long before, long now) {
    return holds ? (before == null ? Long.valueOf(now) : before) : null;
  }
}
