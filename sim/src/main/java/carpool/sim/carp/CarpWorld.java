package carpool.sim.carp;

import carpool.election.core.CarpConfig;
import carpool.election.core.CarpEvent;
import carpool.election.core.Preempt;
import carpool.election.core.Reason;
import carpool.election.core.Role;
import carpool.election.core.wire.CarpDigest;
import carpool.election.core.wire.CarpKey;
import carpool.election.core.wire.IpAddress;
import carpool.election.core.wire.IpFamily;
import carpool.sim.Transcript;
import carpool.sim.Violation;
import carpool.sim.VirtualTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/// Two or three nodes with one address. For a while they are killed, stopped, frozen, cut off,
/// demoted, and their packets lost; then all is well and they must settle.
///
/// Rules checked:
///
/// - **one holder**: no two nodes that can hear each other have the address at the same time,
///   except
///   - after a partition heals: until the next advertisement of either;
///   - a frozen or killed process whose address the kernel has not dropped yet, when the other took
///     over because of what it *heard* (preemption, a leave marker); after silence, never;
///   - on a lossy wire: at most [#LOSSY_OVERLAP_SECONDS].
/// - **settles**: after the faults exactly one node has the address within [#SETTLE_SECONDS], it is
///   the best one if it preempts, and nothing changes any more.
///
/// Seconds are for advbase 1 and scale with it.
public final class CarpWorld {
  static final int LOSSY_OVERLAP_SECONDS = 15;
  static final int SETTLE_SECONDS = 30;
  private static final long SECOND = 1_000_000;
  private static final long FAULT_SECONDS = 120;

  private final VirtualTime time;
  private final Transcript transcript;
  private final List<CarpNode> nodes = new ArrayList<>();
  private final Set<String> cut = new TreeSet<>();
  private final Map<String, Overlap> overlaps = new HashMap<>();
  private final CarpDigest digest;
  private final IpAddress group = IpAddress.parse("224.0.0.18");
  private final int advbase;
  private final int lossPerMille;
  private long longestMicros;
  private int faults;
  private long lastHealMicros;

  /// Two holders that hear each other, since when, and how long that may last.
  private record Overlap(long sinceMicros, long allowedMicros, String why) {}

  /// What a run came to.
  ///
  /// @param transitions changes of role of all nodes
  /// @param longestOverlapMicros two holders that could hear each other, allowed cases included
  public record Outcome(int faults, int transitions, long longestOverlapMicros) {}

  private CarpWorld(long seed, int linesKept) {
    time = new VirtualTime(seed);
    transcript = new Transcript(time, linesKept);
    advbase = time.chance(1, 4) ? 2 : 1;
    lossPerMille = time.chance(1, 2) ? 0 : time.random().nextInt(1, 200);
    digest =
        CarpDigest.of(CarpKey.ofPassword("simulated"), 1, List.of(IpAddress.parse("10.0.0.50")));
    int count = time.random().nextInt(2, 4);
    int[] skews = {0, 0, 20, 50, 100, 200};
    boolean preempt = time.chance(2, 3);
    for (int n = 1; n <= count; n++) {
      var config =
          new CarpConfig(
              1,
              advbase,
              skews[time.random().nextInt(skews.length)],
              preempt ? Preempt.SLOWER : Preempt.NEVER,
              new TreeSet<>(Set.of(IpFamily.IPV4)),
              false);
      double rate = 1 + (time.random().nextDouble() - 0.5) / 100;
      String name = "n" + n;
      nodes.add(
          new CarpNode(
              name,
              IpAddress.parse("10.0.0." + n),
              config,
              digest,
              group,
              time,
              transcript,
              rate,
              packet -> broadcast(name, packet),
              this::look));
    }
  }

  /// Runs one seed to its end; a rule that does not hold ends it with the transcript.
  public static Outcome run(long seed) {
    try {
      return new CarpWorld(seed, 0).run();
    } catch (Violation _) {
      // The same again, with the transcript kept.
      var world = new CarpWorld(seed, 200);
      try {
        return world.run();
      } catch (Violation again) {
        throw new IllegalStateException(
            "carp seed " + seed + ": " + again.getMessage() + "\n" + world.transcript, again);
      }
    }
  }

  private Outcome run() {
    for (var node : nodes) {
      time.within(0, 2 * SECOND, node::start);
    }
    long end = FAULT_SECONDS * SECOND * advbase;
    scheduleFault(end);
    time.runUntil(end);
    settle();
    long calmFrom = end + SETTLE_SECONDS * SECOND * advbase;
    time.runUntil(calmFrom);
    check();
    int before = transitions();
    time.runUntil(calmFrom + 30 * SECOND * advbase);
    check();
    if (lossPerMille == 0 && transitions() != before) {
      throw new Violation("settles", (transitions() - before) + " changes of role in calm");
    }
    return new Outcome(faults, transitions(), longestMicros);
  }

  private int transitions() {
    return nodes.stream().mapToInt(node -> node.transitions).sum();
  }

  private void scheduleFault(long end) {
    time.within(
        SECOND / 2,
        8 * SECOND * advbase,
        () -> {
          if (time.nowMicros() < end) {
            fault();
            scheduleFault(end);
          }
        });
  }

  private void fault() {
    faults++;
    var node = nodes.get(time.random().nextInt(nodes.size()));
    long longest = 12 * SECOND * advbase;
    switch (time.random().nextInt(9)) {
      case 0 -> {
        node.crash();
        time.within(SECOND / 2, longest, () -> restart(node));
      }
      case 1 -> {
        node.stop();
        time.within(SECOND / 2, longest, () -> restart(node));
      }
      case 2 -> {
        node.pause();
        time.within(SECOND / 20, longest, node::resume);
      }
      case 3 -> {
        node.pause();
        time.within(SECOND / 20, SECOND, node::resume);
      }
      case 4 -> {
        cut.add(node.name);
        transcript.add(node.name, "is cut off");
        time.within(SECOND / 5, longest, () -> heal(node));
      }
      case 5 -> {
        node.link(false);
        time.within(SECOND / 5, longest, () -> plug(node));
      }
      case 6 -> node.tell(at -> new CarpEvent.DemotionSet(at, "pool", 240, false));
      case 7 -> node.tell(at -> new CarpEvent.DemotionCleared(at, "pool"));
      default -> node.tell(at -> new CarpEvent.ResignRequested(at, 0));
    }
    look();
  }

  private void restart(CarpNode node) {
    if (!node.isRunning()) {
      node.start();
    }
  }

  private void plug(CarpNode node) {
    lastHealMicros = time.nowMicros();
    node.link(true);
    look();
  }

  private void heal(CarpNode node) {
    if (cut.remove(node.name)) {
      lastHealMicros = time.nowMicros();
      transcript.add(node.name, "is joined again");
      look();
    }
  }

  /// Everything works from now on.
  private void settle() {
    for (var node : nodes) {
      heal(node);
      node.resume();
      restart(node);
      plug(node);
      node.tell(at -> new CarpEvent.DemotionCleared(at, "pool"));
    }
    look();
  }

  private void broadcast(String from, byte[] packet) {
    var sender = node(from);
    for (var node : nodes) {
      if (node != sender && hear(sender, node) && !time.chance(lossPerMille, 1000)) {
        time.within(50, 5_000, () -> deliver(sender, node, packet));
      }
    }
  }

  private void deliver(CarpNode sender, CarpNode receiver, byte[] packet) {
    if (hear(sender, receiver)) {
      receiver.receive(sender.address, packet);
    }
  }

  private CarpNode node(String name) {
    return nodes.stream().filter(node -> node.name.equals(name)).findFirst().orElseThrow();
  }

  private boolean hear(CarpNode a, CarpNode b) {
    return a.linked() && b.linked() && !cut.contains(a.name) && !cut.contains(b.name);
  }

  /// Whenever an address came or went, or somebody was cut off or joined: who has it with whom?
  private void look() {
    for (int i = 0; i < nodes.size(); i++) {
      for (int j = i + 1; j < nodes.size(); j++) {
        look(nodes.get(i), nodes.get(j));
      }
    }
  }

  private void look(CarpNode a, CarpNode b) {
    String pair = a.name + "+" + b.name;
    boolean both = a.holds() && b.holds() && hear(a, b);
    var overlap = overlaps.get(pair);
    if (both && overlap == null) {
      overlaps.put(pair, new Overlap(time.nowMicros(), allowed(a, b), reasons(a, b)));
    } else if (!both && overlap != null) {
      overlaps.remove(pair);
      judge(pair, overlap);
    }
  }

  private void judge(String pair, Overlap overlap) {
    long lasted = time.nowMicros() - overlap.sinceMicros();
    longestMicros = Math.max(longestMicros, lasted);
    if (lasted > overlap.allowedMicros()) {
      throw new Violation(
          "one holder",
          "%s both had the address for %d us, allowed %d (%s)"
              .formatted(pair, lasted, overlap.allowedMicros(), overlap.why()));
    }
  }

  private long allowed(CarpNode a, CarpNode b) {
    if (lossPerMille > 0) {
      return LOSSY_OVERLAP_SECONDS * SECOND * advbase;
    }
    // The next advertisement of either; one of them may be frozen just then, and its lease run out.
    long untilHeard = 6 * SECOND * advbase;
    boolean healed = time.nowMicros() - lastHealMicros < 4 * SECOND * advbase;
    boolean asleep = !a.alive() || !b.alive();
    var taker = a.alive() ? a : b;
    boolean afterSilence = asleep && taker.lastReason == Reason.MASTER_TIMED_OUT;
    if (asleep && (healed || !afterSilence)) {
      return 3 * SECOND * advbase + SECOND / 2;
    }
    // A demoted node keeps its address a second longer: see CarpConfig.leaseSeconds.
    boolean longLease = a.state().effectiveSkew() > 190 || b.state().effectiveSkew() > 190;
    if (afterSilence && longLease) {
      return SECOND / 2;
    }
    return healed ? untilHeard : 0;
  }

  private static String reasons(CarpNode a, CarpNode b) {
    return a.name
        + (a.alive() ? " " : " not running, ")
        + a.lastReason.text()
        + "; "
        + b.name
        + (b.alive() ? " " : " not running, ")
        + b.lastReason.text();
  }

  private void check() {
    overlaps.forEach(this::judge);
    var holders = nodes.stream().filter(CarpNode::holds).toList();
    if (lossPerMille > 0) {
      return;
    }
    if (holders.size() != 1) {
      throw new Violation("settles", holders.size() + " holders in calm");
    }
    var master = holders.getFirst();
    for (var node : nodes) {
      boolean better =
          node.config.preempt() != Preempt.NEVER
              && node.state().effectiveSkew() < master.state().effectiveSkew();
      if (node != master && (better || node.role() != Role.BACKUP)) {
        throw new Violation(
            "settles", node.name + " is " + node.role() + " beside master " + master.name);
      }
    }
  }
}
