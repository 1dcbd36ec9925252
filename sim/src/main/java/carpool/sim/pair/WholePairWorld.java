package carpool.sim.pair;

import carpool.election.core.CarpConfig;
import carpool.election.core.CarpMachine;
import carpool.election.core.Demotions;
import carpool.election.core.Preempt;
import carpool.election.core.wire.CarpDigest;
import carpool.election.core.wire.CarpKey;
import carpool.election.core.wire.IpAddress;
import carpool.election.core.wire.IpFamily;
import carpool.orchestrator.core.Carp;
import carpool.orchestrator.core.Phase;
import carpool.sim.Transcript;
import carpool.sim.Violation;
import carpool.sim.VirtualTime;
import carpool.sim.carp.CarpNode;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// One run of a whole pair: for a while everything fails that can, then all is mended and the pair
/// is left alone.
///
/// Rules checked:
///
/// - **one writer**: never two nodes whose pool completes writes, except when neither network can
///   tell one of the other (see [#apart]);
/// - **R1, R3, R6, R7** of the resources, as in the replication world; the allowances for double
///   failures are those of [SimResource];
/// - **split brain** only after both networks failed at a time, and not because one node stood
///   still;
/// - **settles**: within [#SETTLE_SECONDS] of the last fault exactly one node serves, is MASTER and
///   has the address, the other stands by, nothing stands against either, both copies are equal,
///   and so it stays. By hand is done only what follows: a branch of a split brain is given up,
///   maintenance is switched off, a broken disk is replaced;
/// - **standing fault**: one fault that stands still moves the pool at most once per node and
///   window; see [StandingFault].
public final class WholePairWorld {
  static final int SETTLE_SECONDS = 240;
  private static final long SECOND = 1_000_000;
  private static final long CALM_SECONDS = 15;

  /// From a silent cut of the server's clients to an answer of the other node.
  static final int MOVE_SECONDS = 45;

  final VirtualTime time;
  final Transcript transcript;
  final Set<Bug> bugs;
  final boolean memsync;
  final boolean preempt;
  final boolean killsUsers;
  final boolean lastResortReboots;
  final List<SimResource> resources = new ArrayList<>();
  final PairNode[] nodes;
  final Faults faults;
  boolean twoWritersExcused;
  final SimClients clients;
  final SimServices services;
  private @Nullable StandingFault standing;
  private long replicationApartUntil;
  private long clientApartUntil;
  private long severedUntil;
  private final long[] stoppedUntil = {0, 0};
  private boolean clientsRun = true;
  private int acknowledged;
  private int takeovers;
  private int splitBrains;
  private int moves;
  private long longestMoveMicros;

  /// What a run came to.
  ///
  /// @param takeovers times that a node began to serve
  /// @param settledMicros after the last fault
  /// @param moves silent cuts of the server's clients that moved the pool
  /// @param longestMoveMicros from such a cut to an answer of the other node
  public record Outcome(
      int acknowledgedWrites,
      int faults,
      int takeovers,
      int splitBrains,
      long settledMicros,
      int moves,
      long longestMoveMicros) {}

  private WholePairWorld(long seed, Set<Bug> bugs, int linesKept) {
    time = new VirtualTime(seed);
    transcript = new Transcript(time, linesKept);
    clients = new SimClients(seed);
    services = new SimServices(seed);
    this.bugs = bugs;
    memsync = time.chance(1, 2);
    killsUsers = time.chance(1, 2);
    lastResortReboots = time.chance(1, 2);
    resources.add(new SimResource(this, 0));
    resources.add(new SimResource(this, 1));
    preempt = time.chance(1, 2);
    boolean whenReady = time.chance(1, 2);
    boolean swapped = time.chance(1, 2);
    nodes =
        new PairNode[] {
          new PairNode(this, 0, carp(0, swapped ? 100 : 0, whenReady)),
          new PairNode(this, 1, carp(1, swapped ? 0 : 100, whenReady))
        };
    faults = new Faults(this);
    log(
        "---",
        (memsync ? "memsync" : "fullsync")
            + (preempt ? ", preempt" : "")
            + (whenReady ? ", address when ready" : "")
            + (lastResortReboots ? ", last resort reboots" : "")
            + ", "
            + clients
            + ", "
            + services);
  }

  private Preempt preemption() {
    if (!preempt) {
      return Preempt.NEVER;
    }
    return bugs.contains(Bug.PREEMPTS_AT_ONCE) ? Preempt.SLOWER : Preempt.DEMOTED;
  }

  private CarpNode carp(int index, int skew, boolean whenReady) {
    var digest =
        CarpDigest.of(CarpKey.ofPassword("simulated"), 1, List.of(IpAddress.parse("10.0.0.50")));
    var config =
        new CarpConfig(1, 1, skew, preemption(), new TreeSet<>(Set.of(IpFamily.IPV4)), whenReady);
    var node =
        new CarpNode(
            index == 0 ? "a" : "b",
            IpAddress.parse("10.0.0." + (index + 1)),
            config,
            digest,
            IpAddress.parse("224.0.0.18"),
            time,
            new Transcript(time, 0),
            1 + (time.random().nextDouble() - 0.5) / 100,
            packet -> transmit(index, packet),
            () -> {});
    var causes = new TreeMap<String, Demotions.Demotion>();
    causes.put("not-ready", new Demotions.Demotion(CarpMachine.OWN_DEMOTION, false));
    node.startDemoted(new Demotions(causes));
    return node;
  }

  /// Runs one seed to its end; a rule that does not hold ends it with the transcript.
  ///
  /// @throws IllegalStateException whose message ends with the transcript
  public static Outcome run(long seed) {
    return run(seed, EnumSet.noneOf(Bug.class));
  }

  static Outcome run(long seed, Set<Bug> bugs) {
    try {
      return new WholePairWorld(seed, bugs, 0).play();
    } catch (RuntimeException | Error first) {
      var again = new WholePairWorld(seed, bugs, 20_000);
      try {
        again.play();
      } catch (RuntimeException | Error second) {
        throw new IllegalStateException(
            "pair seed " + seed + ": " + second + "\n" + again.transcript, second);
      }
      throw new IllegalStateException("pair seed " + seed + " failed once and not again", first);
    }
  }

  private Outcome play() {
    for (var resource : resources) {
      resource.link().dial();
    }
    nodes[0].boot();
    nodes[1].boot();
    client();
    watch();
    time.runUntil((20 + time.random().nextInt(20)) * SECOND);
    faults.begin();
    time.runUntil(time.nowMicros() + (60 + time.random().nextInt(120)) * SECOND);
    faults.end();
    log("---", "no more faults");
    long mended = time.nowMicros();
    long settled = settle(mended);
    if (clients.random.nextBoolean()) {
      cutServersClients();
    }
    if (services.random.nextBoolean()) {
      standing = new StandingFault(this);
      standing.play();
      settle(time.nowMicros());
    }
    clientsRun = false;
    time.runUntil(time.nowMicros() + 3 * SECOND);
    for (var resource : resources) {
      if (!resource.complete()) {
        throw new Violation("settles", resource.name + " is not complete: " + resource.state());
      }
      resource.checkContent();
    }
    return new Outcome(
        acknowledged,
        faults.count(),
        takeovers,
        splitBrains,
        settled - mended,
        moves,
        longestMoveMicros);
  }

  /// Nothing else is wrong but that the clients of the serving node are silently cut off: the other
  /// node serves before long, if anything tells where the cut is; else nothing moves. Mended, the
  /// pair settles again.
  private void cutServersClients() {
    var server = nodes[0].pool.imported() ? nodes[0] : nodes[1];
    silentCut(server.index, true);
    long cut = time.nowMicros();
    int before = acknowledged;
    while (!servesAlone(server.peer()) || acknowledged == before) {
      if (time.nowMicros() > cut + MOVE_SECONDS * SECOND) {
        if (clients.tells()) {
          throw new Violation("clients", "the pool is not where they reach it: " + server.mind);
        }
        break;
      }
      if (!clients.tells() && server.mind.phase() != Phase.SERVING) {
        throw new Violation("clients", "moved although nothing tells: " + server.mind);
      }
      time.runUntil(time.nowMicros() + SECOND / 2);
    }
    moves += clients.tells() ? 1 : 0;
    longestMoveMicros = Math.max(longestMoveMicros, clients.tells() ? time.nowMicros() - cut : 0);
    silentCut(server.index, false);
    settle(time.nowMicros());
  }

  private static boolean servesAlone(PairNode node) {
    return node.mind.phase() == Phase.SERVING
        && node.pool.writable()
        && node.carp.holds()
        && node.peer().mind.phase() == Phase.STANDBY
        && !node.peer().carp.holds();
  }

  /// Waits until all has been well for a while; since when.
  private long settle(long mended) {
    long since = -1;
    int before = 0;
    while (true) {
      var unsettled = unsettled();
      long now = time.nowMicros();
      if (unsettled != null) {
        since = -1;
        if (now > mended + SETTLE_SECONDS * SECOND) {
          throw new Violation("settles", "not within " + SETTLE_SECONDS + " s: " + unsettled);
        }
      } else if (since < 0) {
        log("---", "settled");
        since = now;
        before = acknowledged;
      } else if (now - since >= CALM_SECONDS * SECOND) {
        if (acknowledged == before) {
          throw new Violation("settles", "nothing is written although a node serves");
        }
        return since;
      }
      time.runUntil(now + SECOND / 2);
    }
  }

  /// What is not as it should be in the end; null when all is well.
  private @Nullable String unsettled() {
    int serving = 0;
    for (var node : nodes) {
      if (!node.power()) {
        return node.name + " has no power";
      }
      boolean serves =
          node.mind.phase() == Phase.SERVING
              && node.pool.writable()
              && node.carp.holds()
              && node.mind.carp() == Carp.MASTER;
      boolean stands =
          node.mind.phase() == Phase.STANDBY
              && !node.mind.works()
              && !node.pool.imported()
              && !node.carp.holds()
              && node.mind.carp() == Carp.BACKUP;
      if ((!serves && !stands) || !node.mind.quiet()) {
        return node.name
            + ": "
            + node.mind
            + ", CARP "
            + node.carp.role()
            + (node.pool.imported() ? ", imported" : "")
            + (node.pool.suspended() ? ", suspended" : "")
            + (node.pool.busy() ? ", busy" : "")
            + " "
            + resources.get(0).state()
            + " "
            + resources.get(1).state();
      }
      if (faults.broken(node)) {
        return node.name + " has a broken disk";
      }
      if (node.mind.agreement.pending()) {
        return node.name + ": the pool is to be moved by agreement";
      }
      serving += serves ? 1 : 0;
    }
    for (var resource : resources) {
      if (!resource.synchronised()) {
        return resource.name + ": " + resource.state();
      }
    }
    return serving == 1 ? null : serving + " nodes serve";
  }

  // ----- networks

  private void transmit(int from, byte[] packet) {
    var other = nodes[1 - from];
    if (clients.whole()) {
      time.within(
          100,
          1_000,
          () -> {
            if (clients.reach(1 - from) && other.power()) {
              clients.advertisement(1 - from);
              other.carp.receive(nodes[from].carp.address, packet);
            }
          });
    }
  }

  void carrier(int node, boolean up) {
    if (clients.carrier(node, up)) {
      log(nodes[node].name, "client network " + (up ? "back" : "cut"));
      nodes[node].carp.link(up);
    }
  }

  void clientSilence(boolean silent) {
    clients.silence(silent);
    log("net", "nodes " + (silent ? "do not hear" : "hear") + " each other on the client network");
  }

  void silentCut(int node, boolean cut) {
    clients.cut(node, cut);
    log(nodes[node].name, "clients' network " + (cut ? "silently cut" : "mended"));
  }

  void replication(boolean up) {
    for (var resource : resources) {
      if (up) {
        resource.link().heal();
      } else {
        resource.link().cut();
      }
    }
  }

  /// Neither network can tell one node of the other, now or a moment ago: each is cut, or the
  /// process that speaks on it, or that would act on it, is dead or stopped, on either node. In a
  /// split brain that nobody has resolved yet the replicators do not speak with each other, either.
  /// A link that is cut while one node gives up counts as both: the other has its role by then. So
  /// does one that is cut while a node serves by an operator's word and the other is MASTER.
  boolean apart() {
    return time.nowMicros() < replicationApartUntil && time.nowMicros() < clientApartUntil;
  }

  /// As [#apart], but a node that only stood still does not count: when it goes on it asks its peer
  /// before it answers anything, so that makes no split brain. Both may have stood still, one after
  /// the other; then each found nobody to ask.
  boolean severed() {
    return time.nowMicros() < severedUntil && time.nowMicros() < clientApartUntil;
  }

  /// Both nodes became primary while they were apart, and each goes on with its own branch until an
  /// operator names the survivor.
  boolean branched() {
    return resources.stream().anyMatch(r -> r.diverged && r.apartSinceEqual);
  }

  private void lookAtNetworks() {
    boolean replication = true;
    boolean client = clients.whole();
    boolean severed = false;
    for (var resource : resources) {
      replication &= resource.link().up() && !resource.splitBrain();
      severed |= !resource.link().up();
    }
    for (var node : nodes) {
      replication &= node.replicator.running();
      severed |= !node.replicator.alive();
      if (node.replicator.paused()) {
        stoppedUntil[node.index] = time.nowMicros() + 2 * SimResource.DEAD_MICROS;
      }
      client &=
          node.carp.alive()
              && node.orchestrator.running()
              && node.mind.phase() != Phase.GIVING_UP
              && node.mind.phase() != Phase.CUT_OFF // a fenced one gives up between two looks
              && (node.mind.phase() != Phase.SERVING || node.mind.carp() == Carp.MASTER);
    }
    if (!replication) {
      replicationApartUntil = time.nowMicros() + 2 * SimResource.DEAD_MICROS;
    }
    if (severed || Math.min(stoppedUntil[0], stoppedUntil[1]) > time.nowMicros()) {
      severedUntil = time.nowMicros() + 2 * SimResource.DEAD_MICROS;
    }
    if (!client) {
      clientApartUntil = time.nowMicros() + 15 * SECOND;
    }
  }

  // ----- what goes on all the time

  private void watch() {
    lookAtNetworks();
    resources.forEach(SimResource::look);
    for (var node : nodes) {
      node.replicas.forEach(SimReplica::look);
    }
    SimPool.checkOneWriter(this);
    time.after(50_000, this::watch);
  }

  /// A write of this node was completed.
  void written(PairNode node) {
    acknowledged++;
    SimPool.checkOneWriter(this);
  }

  void serves() {
    takeovers++;
  }

  void imported(PairNode node) {
    if (standing != null) {
      standing.imported(node);
    }
  }

  void splitBrainResolved() {
    splitBrains++;
  }

  boolean faults() {
    return faults.running();
  }

  private void client() {
    time.within(
        20_000,
        300_000,
        () -> {
          for (var node : nodes) {
            if (clientsRun
                && node.power()
                && node.carp.holds()
                && clients.reach(node.index)
                && node.pool.usable()
                && node.pool.open() < 5) {
              request(node);
            }
          }
          client();
        });
  }

  private void request(PairNode node) {
    int index = time.random().nextInt(resources.size());
    int units = 1 + time.random().nextInt(4);
    int unit = 1 + time.random().nextInt(SimResource.UNITS - units);
    int dice = time.random().nextInt(20);
    if (dice < 12) {
      node.pool.write(index, unit, units, _ -> {});
    } else if (dice < 17) {
      node.pool.read(index, unit, units);
    } else {
      node.pool.flush(index, _ -> {});
    }
  }

  void log(String who, String what) {
    if (transcript.kept()) {
      transcript.add(who, what);
    }
  }
}
