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
import java.util.Arrays;
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
/// - **one writer**: never two nodes on which a pool completes writes, except when neither network
///   can tell one of the other (see [PoolPair#apart]);
/// - **one master**: two nodes that hear each other are not both MASTER of a group for longer than
///   [#TWO_MASTERS_MICROS];
/// - **intent**: what an operator was told to be done outlives processes and power, and a node in
///   maintenance imports nothing; see [Intents];
/// - **R1, R3, R6, R7** of the resources, as in the replication world; the allowances for double
///   failures are those of [SimResource];
/// - **split brain** only after both networks failed at a time, and not because one node stood
///   still;
/// - **settles**: within [#SETTLE_SECONDS] of the last fault exactly one node serves all pools of a
///   group, is its MASTER and has its address, the other stands by, nothing stands against either,
///   both copies are equal, and so it stays. By hand is done only what follows: a branch of a split
///   brain is given up, maintenance is switched off, a broken disk is replaced;
/// - **groups together**: groups that move together are MASTER at one node; see [GroupsTogether];
/// - **standing fault**: one fault that stands still moves the pool at most once per node and
///   window; see [StandingFault].
public final class WholePairWorld {
  static final int SETTLE_SECONDS = 240;
  private static final long SECOND = 1_000_000;
  private static final long CALM_SECONDS = 15;

  /// From a silent cut of the server's clients to an answer of the other node.
  static final int MOVE_SECONDS = 45;

  /// An advertisement comes once a second; one may be on its way.
  private static final long TWO_MASTERS_MICROS = 3 * SECOND;

  final VirtualTime time;
  final Transcript transcript;
  final Set<Bug> bugs;
  final boolean memsync;
  final boolean preempt;
  final boolean killsUsers;
  final boolean lastResortReboots;
  final Geometry geometry;
  final List<PoolPair> pools = new ArrayList<>();

  /// Of all pools.
  final List<SimResource> resources = new ArrayList<>();

  final PairNode[] nodes;
  final Faults faults;
  final SimClients clients;
  final SimServices services;
  private final GroupsTogether together;
  private @Nullable StandingFault standing;
  private final long[] twoMastersSince;
  private final long[] stoppedUntil = {0, 0};
  private boolean clientsRun = true;
  private int acknowledged;
  private int takeovers;
  private int splitBrains;
  private int moves;
  private long longestMoveMicros;

  /// What a run came to.
  ///
  /// @param takeovers times that a node began to serve a pool
  /// @param failovers those of them on the node that had not served it last
  /// @param settledMicros after the last fault
  /// @param moves silent cuts of the server's clients that moved the pool
  /// @param longestMoveMicros from such a cut to an answer of the other node
  public record Outcome(
      int acknowledgedWrites,
      int faults,
      int takeovers,
      int failovers,
      int splitBrains,
      long settledMicros,
      int moves,
      long longestMoveMicros) {}

  private WholePairWorld(long seed, Geometry geometry, Set<Bug> bugs, int linesKept) {
    this.geometry = geometry;
    time = new VirtualTime(seed);
    transcript = new Transcript(time, linesKept);
    for (int group = 0; group < geometry.groups().size(); group++) {
      for (int pool = 0; pool < geometry.groups().get(group).size(); pool++) {
        pools.add(new PoolPair(this, pools.size(), group));
      }
    }
    twoMastersSince = new long[geometry.groups().size()];
    Arrays.fill(twoMastersSince, -1);
    clients = new SimClients(seed);
    services = new SimServices(seed, pools.size());
    this.bugs = bugs;
    memsync = time.chance(1, 2);
    killsUsers = time.chance(1, 2);
    lastResortReboots = time.chance(1, 2);
    var counts = geometry.groups().stream().flatMap(List::stream).toList();
    for (var pool : pools) {
      for (int i = 0; i < counts.get(pool.index); i++) {
        var resource = new SimResource(pool, resources.size());
        pool.resources.add(resource);
        resources.add(resource);
      }
    }
    preempt = time.chance(1, 2);
    boolean whenReady = time.chance(1, 2);
    boolean swapped = time.chance(1, 2);
    var firstPreferred = new boolean[geometry.groups().size()];
    for (int group = 0; group < firstPreferred.length; group++) {
      firstPreferred[group] =
          (geometry.ownSkew() && group > 0) ? geometry.random().nextBoolean() : !swapped;
    }
    for (int group = 1; group < geometry.together(); group++) {
      // The configuration of any other is refused.
      firstPreferred[group] = firstPreferred[0];
    }
    nodes =
        new PairNode[] {
          new PairNode(this, 0, carps(0, firstPreferred, whenReady)),
          new PairNode(this, 1, carps(1, firstPreferred, whenReady))
        };
    faults = new Faults(this);
    together = new GroupsTogether(this);
    log(
        "---",
        (memsync ? "memsync" : "fullsync")
            + (preempt ? ", preempt" : "")
            + (whenReady ? ", address when ready" : "")
            + (lastResortReboots ? ", last resort reboots" : "")
            + ", "
            + clients
            + ", "
            + services
            + (geometry.several() ? ", " + geometry : ""));
  }

  private List<CarpNode> carps(int index, boolean[] firstPreferred, boolean whenReady) {
    // The groups of a node go by one clock.
    double rate = 1 + (time.random().nextDouble() - 0.5) / 100;
    var carps = new ArrayList<CarpNode>();
    for (int group = 0; group < firstPreferred.length; group++) {
      boolean preferred = firstPreferred[group] == (index == 0);
      carps.add(carp(index, group, preferred ? 0 : 100, whenReady, rate));
    }
    return carps;
  }

  private Preempt preemption() {
    if (!preempt) {
      return Preempt.NEVER;
    }
    return bugs.contains(Bug.PREEMPTS_AT_ONCE) ? Preempt.SLOWER : Preempt.DEMOTED;
  }

  private CarpNode carp(int index, int group, int skew, boolean whenReady, double rate) {
    int vhid = group + 1;
    var digest =
        CarpDigest.of(
            CarpKey.ofPassword("simulated"),
            vhid,
            List.of(IpAddress.parse("10.0.0." + (50 + group))));
    var config =
        new CarpConfig(
            vhid, 1, skew, preemption(), new TreeSet<>(Set.of(IpFamily.IPV4)), whenReady);
    var node =
        new CarpNode(
            index == 0 ? "a" : "b",
            IpAddress.parse("10.0.0." + (index + 1)),
            config,
            digest,
            IpAddress.parse("224.0.0.18"),
            time,
            new Transcript(time, 0),
            rate,
            packet -> transmit(index, group, packet),
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
    return run(seed, Geometry.of(seed), EnumSet.noneOf(Bug.class));
  }

  static Outcome run(long seed, Set<Bug> bugs) {
    return run(seed, Geometry.of(seed), bugs);
  }

  /// One pool, as the seeds were played before there were several.
  static Outcome runOnePool(long seed) {
    return run(seed, Geometry.one(seed), EnumSet.noneOf(Bug.class));
  }

  private static Outcome run(long seed, Geometry geometry, Set<Bug> bugs) {
    try {
      return new WholePairWorld(seed, geometry, bugs, 0).play();
    } catch (RuntimeException | Error first) {
      var afresh = geometry.plain() ? Geometry.one(seed) : Geometry.of(seed);
      var again = new WholePairWorld(seed, afresh, bugs, 20_000);
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
        pools.stream().mapToInt(PoolPair::failovers).sum(),
        splitBrains,
        settled - mended,
        moves,
        longestMoveMicros);
  }

  /// Nothing else is wrong but that the clients of the serving node are silently cut off: the other
  /// node serves before long, if anything tells where the cut is; else nothing moves. Mended, the
  /// pair settles again.
  private void cutServersClients() {
    var server = pools.getFirst().server();
    var served = server.pools.stream().filter(side -> side.pool.imported()).toList();
    silentCut(server.index, true);
    long cut = time.nowMicros();
    int before = acknowledged;
    while (!servesAlone(server.peer()) || acknowledged == before) {
      if (time.nowMicros() > cut + MOVE_SECONDS * SECOND) {
        if (clients.tells()) {
          throw new Violation("clients", "the pool is not where they reach it: " + minds(server));
        }
        break;
      }
      if (!clients.tells() && served.stream().anyMatch(s -> s.mind.phase() != Phase.SERVING)) {
        throw new Violation("clients", "moved although nothing tells: " + minds(server));
      }
      time.runUntil(time.nowMicros() + SECOND / 2);
    }
    moves += clients.tells() ? 1 : 0;
    longestMoveMicros = Math.max(longestMoveMicros, clients.tells() ? time.nowMicros() - cut : 0);
    silentCut(server.index, false);
    settle(time.nowMicros());
  }

  private static String minds(PairNode node) {
    return String.join("; ", node.pools.stream().map(side -> side.mind.toString()).toList());
  }

  private static boolean servesAlone(PairNode node) {
    return node.pools.stream().allMatch(WholePairWorld::servesAlone);
  }

  private static boolean servesAlone(PoolSide side) {
    return side.mind.phase() == Phase.SERVING
        && side.pool.writable()
        && side.group.carp.holds()
        && side.peer().mind.phase() == Phase.STANDBY
        && !side.peer().group.carp.holds();
  }

  /// Waits until all has been well for a while; since when.
  private long settle(long mended) {
    long since = -1;
    var before = new int[pools.size()];
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
        pools.forEach(pool -> before[pool.index] = pool.acknowledged());
      } else if (now - since >= CALM_SECONDS * SECOND) {
        for (var pool : pools) {
          if (pool.acknowledged() == before[pool.index]) {
            throw new Violation("settles", pool.name + " is served, and nothing is written");
          }
        }
        return since;
      }
      time.runUntil(now + SECOND / 2);
    }
  }

  /// What is not as it should be in the end; null when all is well.
  private @Nullable String unsettled() {
    for (var node : nodes) {
      if (!node.power()) {
        return node.name + " has no power";
      }
      for (var side : node.pools) {
        var unsettled = unsettled(side);
        if (unsettled != null) {
          return unsettled;
        }
      }
    }
    for (var resource : resources) {
      if (!resource.synchronised()) {
        return resource.name + ": " + resource.state();
      }
    }
    for (var pool : pools) {
      // All pools of a group at one node, because CARP has one master.
      boolean first = pool.side(nodes[0]).mind.phase() == Phase.SERVING;
      boolean second = pool.side(nodes[1]).mind.phase() == Phase.SERVING;
      if (first == second) {
        return pool.name + " is served by " + (first ? "both" : "nobody");
      }
    }
    return null;
  }

  private @Nullable String unsettled(PoolSide side) {
    var mind = side.mind;
    var carp = side.group.carp;
    boolean serves =
        mind.phase() == Phase.SERVING
            && side.pool.writable()
            && carp.holds()
            && mind.carp() == Carp.MASTER;
    boolean stands =
        mind.phase() == Phase.STANDBY
            && !mind.works()
            && !side.pool.imported()
            && !carp.holds()
            && mind.carp() == Carp.BACKUP;
    if ((!serves && !stands) || !mind.quiet()) {
      return side.label()
          + ": "
          + mind
          + ", CARP "
          + carp.role()
          + (side.pool.imported() ? ", imported" : "")
          + (side.pool.suspended() ? ", suspended" : "")
          + (side.pool.busy() ? ", busy" : "")
          + " "
          + String.join(" ", side.pair.resources.stream().map(SimResource::state).toList());
    }
    if (faults.broken(side.node)) {
      return side.node.name + " has a broken disk";
    }
    return side.group.agreement.pending()
        ? side.label() + ": the pool is to be moved by agreement"
        : null;
  }

  // ----- networks

  private void transmit(int from, int group, byte[] packet) {
    var other = nodes[1 - from];
    if (clients.whole()) {
      time.within(
          100,
          1_000,
          () -> {
            if (clients.reach(1 - from) && other.power()) {
              clients.advertisement(1 - from);
              other
                  .groups
                  .get(group)
                  .carp
                  .receive(nodes[from].groups.get(group).carp.address, packet);
            }
          });
    }
  }

  void carrier(int node, boolean up) {
    if (clients.carrier(node, up)) {
      log(nodes[node].name, "client network " + (up ? "back" : "cut"));
      nodes[node].groups.forEach(GroupSide::link);
      nodes[node].interfaces();
    }
  }

  /// The interface of one group alone.
  void carrier(GroupSide group, boolean up) {
    log(group.node.name, "interface of group " + group.index + (up ? " up" : " down"));
    group.carrier(up);
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

  /// Both replicators were stopped within the time after which one is taken for dead.
  boolean bothStoodStill() {
    return Math.min(stoppedUntil[0], stoppedUntil[1]) > time.nowMicros();
  }

  private void look() {
    for (var node : nodes) {
      if (node.replicator.paused()) {
        stoppedUntil[node.index] = time.nowMicros() + 2 * SimResource.DEAD_MICROS;
      }
    }
    pools.forEach(PoolPair::look);
    together.look();
    for (int group = 0; group < twoMastersSince.length; group++) {
      lookForTwoMasters(group);
    }
  }

  private void lookForTwoMasters(int group) {
    boolean both = clients.whole();
    for (var node : nodes) {
      var carp = node.groups.get(group).carp;
      both &= node.groups.get(group).linked();
      both &= carp.alive() && carp.role() == carpool.election.core.Role.MASTER;
    }
    if (!both) {
      twoMastersSince[group] = -1;
    } else if (twoMastersSince[group] < 0) {
      twoMastersSince[group] = time.nowMicros();
    } else if (time.nowMicros() - twoMastersSince[group] > TWO_MASTERS_MICROS) {
      throw new Violation("one master", "both nodes are MASTER of group " + group);
    }
  }

  // ----- what goes on all the time

  private void watch() {
    look();
    for (var node : nodes) {
      node.replicas.forEach(SimReplica::look);
      node.intents.check();
    }
    pools.forEach(PoolPair::checkOneWriter);
    time.after(50_000, this::watch);
  }

  /// A write of this node was completed.
  void written(PoolSide side) {
    acknowledged++;
    side.pair.written();
    side.pair.checkOneWriter();
  }

  void serves(PoolSide side) {
    takeovers++;
    side.pair.serves(side.node);
  }

  void imported(PoolSide side, long begunMicros) {
    side.node.intents.imported(side, begunMicros);
    if (standing != null) {
      standing.imported(side);
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
            node.pools.forEach(this::clientOf);
          }
          client();
        });
  }

  private void clientOf(PoolSide side) {
    if (clientsRun
        && side.node.power()
        && side.group.carp.holds()
        && clients.reach(side.node.index)
        && side.pool.usable()
        && side.pool.open() < 5) {
      request(side);
    }
  }

  private void request(PoolSide side) {
    int index = time.random().nextInt(side.replicas.size());
    int units = 1 + time.random().nextInt(4);
    int unit = 1 + time.random().nextInt(SimResource.UNITS - units);
    int dice = time.random().nextInt(20);
    if (dice < 12) {
      side.pool.write(index, unit, units, _ -> {});
    } else if (dice < 17) {
      side.pool.read(index, unit, units);
    } else {
      side.pool.flush(index, _ -> {});
    }
  }

  void log(String who, String what) {
    if (transcript.kept()) {
      transcript.add(who, what);
    }
  }
}
