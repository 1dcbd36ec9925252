package carpool.election.core;

import carpool.election.Pcap;
import carpool.election.core.Bench.Change;
import carpool.election.core.wire.CarpDigest;
import carpool.election.core.wire.CarpKey;
import carpool.election.core.wire.DropReason;
import carpool.election.core.wire.Golden;
import carpool.election.core.wire.IpAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/// Puts our machine in the place of one node of a captured pair: it hears, in virtual time, what
/// the other node sent then, through the same door as the service ([Inbound]). Times are seconds
/// since the first frame of the capture.
///
/// What our node would send changes nothing in a capture: the other node goes on as it did.
final class Replay {
  private static final IpAddress GROUP = IpAddress.parse("224.0.0.18");

  private final String pcap;
  private final IpAddress own;
  private final int vhid;
  private final CarpDigest digest;
  private final List<Deed> deeds = new ArrayList<>();
  private double start = -0.5;
  private double hearsFrom = Double.NEGATIVE_INFINITY;

  /// Something done to the node, by an administrator or the world.
  private record Deed(double seconds, Consumer<Bench> what) {}

  /// What came of it.
  ///
  /// @param accepted when each packet was heard that passed every check
  /// @param dropped by reason; the packets of the node in whose place ours is are looped
  /// @param recorded when the node in whose place ours was sent, in the capture
  record Outcome(
      List<Change> changes,
      Role role,
      List<Double> accepted,
      Map<DropReason, Integer> dropped,
      List<Double> recorded) {

    double lastAccepted() {
      return accepted.getLast();
    }

    List<Role> roles() {
      return changes.stream().map(Change::to).toList();
    }

    Change last() {
      return changes.getLast();
    }
  }

  private Replay(String pcap, IpAddress own, int vhid, CarpDigest digest) {
    this.pcap = pcap;
    this.own = own;
    this.vhid = vhid;
    this.digest = digest;
  }

  /// @param own whose place ours takes; its password, address and vhid are those of the capture,
  ///   or, if it sent nothing there, of the other node
  static Replay of(String pcap, String own) {
    var rows =
        Golden.rows("vectors.csv").stream()
            .filter(row -> row.get("pcap").equals(pcap + ".pcap"))
            .toList();
    var row =
        rows.stream()
            .filter(candidate -> candidate.get("ip_src").equals(own))
            .findFirst()
            .orElseGet(rows::getFirst);
    int vhid = row.number("vhid");
    var digest =
        CarpDigest.of(
            CarpKey.ofPassword(row.get("password")),
            vhid,
            List.of(IpAddress.parse(row.get("vip"))));
    return new Replay(pcap, IpAddress.parse(own), vhid, digest);
  }

  /// When our node's interface comes up; -0.5 if not said.
  Replay startsAt(double seconds) {
    start = seconds;
    return this;
  }

  /// Before this the wire was cut between the nodes; the capture was made on the far side.
  Replay hearsFrom(double seconds) {
    hearsFrom = seconds;
    return this;
  }

  Replay at(double seconds, Consumer<Bench> what) {
    deeds.add(new Deed(seconds, what));
    return this;
  }

  /// Plays to the end of the capture and `after` seconds of silence.
  Outcome play(int advskew, boolean preempt, double after) {
    var frames = Pcap.frames(Golden.bytes("pcap/" + pcap + ".pcap"));
    var accepted = new ArrayList<Double>();
    var recorded = new ArrayList<Double>();
    var dropped = new EnumMap<DropReason, Integer>(DropReason.class);
    var inbound = new Inbound(vhid, digest, Set.of(), Set.of(GROUP), new ReplayMemory(65_536));
    long first = frames.getFirst().micros();
    for (var frame : frames) {
      double seconds = (frame.micros() - first) / 1e6;
      frame
          .carp()
          .filter(packet -> !packet.source().equals(own) || recorded.add(seconds))
          .filter(_ -> seconds >= hearsFrom)
          .ifPresent(packet ->
              deeds.add(
                  new Deed(
                      seconds,
                      bench -> {
                        switch (inbound.judge(packet, Set.of(own))) {
                          case Verdict.Accepted(var source, var heard, _) -> {
                            accepted.add(seconds);
                            bench.hears(source, heard);
                          }
                          case Verdict.Dropped(var reason, _) ->
                              dropped.merge(reason, 1, Integer::sum);
                        }
                      })));
    }
    deeds.sort(Comparator.comparingDouble(Deed::seconds));
    var bench = Bench.inInit(Bench.config(1, advskew, preempt));
    bench.link(true);
    for (var deed : deeds) {
      bench.pass(deed.seconds() - start - bench.seconds());
      deed.what().accept(bench);
    }
    bench.pass(after);
    var changes =
        bench.changes().stream()
            .map(change -> new Change(change.seconds() + start, change.to(), change.reason()))
            .toList();
    return new Outcome(changes, bench.role(), accepted, dropped, recorded);
  }
}
