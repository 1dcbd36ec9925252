package carpool.sim.replication;

import carpool.replicator.core.DiskState;
import carpool.sim.VirtualTime;
import java.util.ArrayDeque;
import java.util.List;

/// What goes wrong, and when. Some faults come at any time; most wait for a moment at which a
/// record, a flush or a receipt is pending, and come as a chain: the next one waits for what
/// follows from the first.
final class Chaos {
  /// So long a chain waits for its next moment.
  private static final long PATIENCE_MICROS = 60_000;

  /// What a link of a chain does; *here* is the node whose moment it is.
  private enum Act {
    KILL_HERE,
    POWER_HERE,
    KILL_THERE,
    POWER_THERE,
    POWER_BOTH,
    BREAK,
    CUT,
    /// Nothing reaches the node any more.
    DEAFEN,
    /// Nothing reaches the other one any more.
    DEAFEN_OTHER,
    /// The disk is lost for good.
    LOSE_DISK_HERE,
    LOSE_DISK_THERE,
    /// The node's own disk stands still for some milliseconds: the peer's answers come first.
    STALL_HERE,
    ANY
  }

  private record Link(Moment moment, Act act) {}

  /// Chains that broke something once, here or in the review of the core, beside those drawn.
  private static final List<List<Link>> STORIES =
      List.of(
          List.of(
              new Link(Moment.FLUSH, Act.CUT),
              new Link(Moment.FLUSHED, Act.KILL_HERE),
              new Link(Moment.PROMOTED, Act.POWER_HERE)),
          List.of(
              new Link(Moment.ANSWERED, Act.CUT),
              new Link(Moment.FLUSHED, Act.KILL_HERE),
              new Link(Moment.ALONE, Act.POWER_HERE)),
          List.of(
              new Link(Moment.ANSWERED, Act.POWER_HERE),
              new Link(Moment.PROMOTED, Act.ANY),
              new Link(Moment.FLUSHED, Act.KILL_HERE)),
          List.of(
              new Link(Moment.ANSWERED, Act.POWER_HERE), new Link(Moment.FLUSHED, Act.KILL_HERE)),
          List.of(new Link(Moment.ANSWERED, Act.BREAK), new Link(Moment.ANSWERED, Act.POWER_THERE)),
          List.of(new Link(Moment.RECEIPT, Act.POWER_HERE)),
          List.of(
              new Link(Moment.PEER_WROTE, Act.BREAK), new Link(Moment.ANSWERED, Act.POWER_THERE)),
          List.of(new Link(Moment.PEER_WROTE, Act.POWER_THERE)),
          List.of(
              new Link(Moment.ANSWERED, Act.STALL_HERE),
              new Link(Moment.PEER_WROTE, Act.POWER_THERE)),
          List.of(
              new Link(Moment.FLUSHED, Act.STALL_HERE),
              new Link(Moment.PEER_WROTE, Act.POWER_THERE)),
          List.of(new Link(Moment.RECEIPT, Act.BREAK), new Link(Moment.ANSWERED, Act.POWER_BOTH)),
          List.of(new Link(Moment.FLUSH_FOR_PEER, Act.POWER_HERE)),
          List.of(new Link(Moment.FLUSHED, Act.POWER_THERE)),
          List.of(new Link(Moment.FLUSHED, Act.POWER_BOTH)),
          List.of(new Link(Moment.FLUSHED, Act.LOSE_DISK_HERE)),
          List.of(
              new Link(Moment.RECORD, Act.KILL_HERE), new Link(Moment.PROMOTED, Act.POWER_HERE)),
          List.of(
              new Link(Moment.RECORD, Act.POWER_THERE), new Link(Moment.RECORD, Act.POWER_HERE)),
          List.of(new Link(Moment.GIVES_UP, Act.CUT)),
          List.of(new Link(Moment.GIVES_UP, Act.BREAK), new Link(Moment.PROMOTED, Act.POWER_HERE)),
          List.of(new Link(Moment.ANSWERED, Act.DEAFEN), new Link(Moment.ALONE, Act.KILL_HERE)));

  private final PairWorld world;
  private final VirtualTime time;
  private final Traits traits;
  private final SimNode[] nodes;
  private final ArrayDeque<Link> chain = new ArrayDeque<>();
  private long chainSince;

  /// A disk hangs and nothing else is to fail.
  private boolean undisturbed;

  /// When the node's own disk hung last; MAX while it does.
  final long[] lastHang = {-1, -1};

  int count;

  Chaos(PairWorld world) {
    this.world = world;
    time = world.time;
    traits = world.traits;
    nodes = world.nodes;
  }

  void start() {
    time.within(
        3000,
        60_000,
        () -> {
          if (world.faults()) {
            if (chain.isEmpty() || time.nowMicros() - chainSince > PATIENCE_MICROS) {
              chain.clear();
              if (time.chance(2, 3)) {
                drawChain();
              } else if (!undisturbed) {
                fault();
              }
            }
            start();
          }
        });
  }

  private void drawChain() {
    chainSince = time.nowMicros();
    if (time.chance(1, 2)) {
      chain.addAll(STORIES.get(time.random().nextInt(STORIES.size())));
      return;
    }
    var moments = Moment.values();
    var acts = Act.values();
    for (int i = 1 + time.random().nextInt(3); i > 0; i--) {
      chain.add(
          new Link(
              moments[time.random().nextInt(moments.length)],
              acts[time.random().nextInt(acts.length)]));
    }
  }

  /// Something is pending at the node; perhaps the chain waits for it.
  void pending(SimNode node, Moment moment) {
    var next = chain.peek();
    if (next == null || next.moment != moment || undisturbed || time.chance(1, 2)) {
      return;
    }
    chain.remove();
    chainSince = time.nowMicros();
    time.within(
        0,
        time.chance(1, 3) ? 60 : 800,
        () -> {
          if (world.faults() && !undisturbed) {
            act(node, next.act);
          }
        });
  }

  private void act(SimNode node, Act act) {
    var other = world.watcher.other(node);
    count++;
    switch (act) {
      case KILL_HERE -> crash(node, false);
      case POWER_HERE -> crash(node, true);
      case KILL_THERE -> crash(other, false);
      case POWER_THERE -> {
        if (node.disk.hangs() && time.chance(3, 4)) {
          world.clients.rest(time.nowMicros() + PATIENCE_MICROS);
        }
        crash(other, true);
      }
      case POWER_BOTH -> {
        crash(node, true);
        crash(other, true);
      }
      case BREAK -> breakConnection();
      case CUT -> cut();
      case DEAFEN -> deafen(node.index);
      case DEAFEN_OTHER -> deafen(other.index);
      case LOSE_DISK_HERE -> loseDisk(node);
      case LOSE_DISK_THERE -> loseDisk(other);
      case STALL_HERE -> stall(node);
      case ANY -> {
        count--;
        fault();
      }
    }
  }

  private SimNode either() {
    return nodes[time.random().nextInt(2)];
  }

  private void fault() {
    count++;
    if (traits.hangs() && time.chance(1, 4)) {
      var node = either();
      if (node.alive() && !world.watcher.other(node).disk.hangs()) {
        hang(node);
      }
      return;
    }
    switch (time.random().nextInt(13)) {
      case 0, 1 -> crash(either(), false);
      case 2, 3 -> crash(either(), true);
      case 4 -> {
        crash(nodes[0], true);
        crash(nodes[1], true);
      }
      case 5, 6 -> {
        breakConnection();
        if (time.chance(1, 3)) {
          var node = either();
          time.within(1, 6000, () -> crash(node, time.chance(1, 2)));
        }
      }
      case 7 -> deafen(time.random().nextInt(2));
      case 8 -> {
        var node = either();
        int spoiled = 1 + time.random().nextInt(4);
        for (int i = 0; i < spoiled; i++) {
          int unit = time.random().nextInt(node.disk.units());
          world.log(node, () -> "unit " + unit + " cannot be read any more");
          node.disk.spoil(unit);
          world.diskTrouble = true;
        }
      }
      case 9 -> {
        var node = either();
        if (!world.replaced[1 - node.index]) { // else nothing would be left of the pair
          var troubles = SimDisk.Trouble.values();
          world.diskTrouble = true;
          node.disk.trouble(troubles[1 + time.random().nextInt(troubles.length - 1)]);
          world.log(node, () -> "disk trouble: " + node.disk.trouble());
        }
      }
      case 10 -> loseDisk(either());
      default -> cut();
    }
  }

  private void breakConnection() {
    world.transcript.add("net", "connection breaks");
    world.link.breakConnection(false);
  }

  private void cut() {
    world.link.cut();
    time.within(1000, 60_000, world.link::heal);
  }

  private void deafen(int node) {
    world.link.cutTowards(node);
    time.within(1000, 60_000, world.link::heal);
  }

  /// A disk that hangs for a while, and then continues. Every second time nothing else fails
  /// meanwhile: any other fault soon ends the session in which a client waits for this disk.
  private void hang(SimNode node) {
    undisturbed = time.chance(1, 2);
    world.log(node, () -> "the disk hangs" + (undisturbed ? ", nothing else fails" : ""));
    standStill(node, 20_000, 900_000, () -> undisturbed = false);
  }

  /// As [#hang] for as long as the end of a session takes to be noticed, so that a write is under
  /// way here when the peer, which has carried it out, is lost.
  private void stall(SimNode node) {
    if (node.alive() && !node.disk.hangs() && !world.watcher.other(node).disk.hangs()) {
      world.log(node, () -> "the disk stands still");
      standStill(node, 4000, 14_000, () -> {});
    }
  }

  private void standStill(SimNode node, long minMicros, long maxMicros, Runnable over) {
    var disk = node.disk;
    disk.hang();
    lastHang[node.index] = Long.MAX_VALUE;
    time.within(
        minMicros,
        maxMicros,
        () -> {
          over.run();
          if (disk.hangs()) {
            world.log(node, () -> "the disk goes on");
            disk.unhang();
            lastHang[node.index] = time.nowMicros();
          }
        });
  }

  /// The disk of a node is lost for good, with its machine, and a blank one takes its place: what
  /// was promised has to be on the other, alone. At times the other one loses its power with it.
  private void loseDisk(SimNode node) {
    var other = world.watcher.other(node);
    if (!mayLoseDisk(node, other)) {
      return;
    }
    boolean both = world.watcher.sameSession() && time.chance(1, 2);
    crash(node, true);
    if (both) {
      crash(other, true);
    }
    world.log(node, () -> "the disk is lost for good" + (both ? ", and the other's power" : ""));
    node.insert(new SimDisk(traits.units().get(node.index), traits.extents(node.index)));
    world.replaced[node.index] = true;
  }

  /// Only a loss that the other copy has to stand: the copies are equal but for what is under way,
  /// or the other one serves and this one has nothing of its own; and the other's disk is sound.
  private boolean mayLoseDisk(SimNode node, SimNode other) {
    return node.alive()
        && other.alive()
        && !world.watcher.diverged
        && !traits.start().mismatch()
        && world.watcher.forceRule.forced() < 0
        && other.running().disk() == DiskState.UP_TO_DATE
        && other.disk.sound()
        && !node.disk.hangs()
        && !other.disk.hangs()
        && ((world.watcher.sameSession() && node.running().disk() == DiskState.UP_TO_DATE)
            || (Watcher.primary(other)
                && !Watcher.primary(node)
                && world.watcher.aloneSince[node.index] == Watcher.NEVER));
  }

  void crash(SimNode node, boolean powerCut) {
    if (!node.alive()) {
      return;
    }
    world.watcher.crashing(node, powerCut);
    world.clients.crashed(node);
    node.stop(powerCut);
    if (node.disk.hangs()) {
      node.disk.unhang(); // reset with its machine
      lastHang[node.index] = time.nowMicros();
    }
    world.checkDifferencesKnown();
    time.within(
        500,
        60_000,
        () -> {
          if (!node.alive()) {
            node.disk.trouble(SimDisk.Trouble.NONE);
            node.start();
          }
        });
  }
}
