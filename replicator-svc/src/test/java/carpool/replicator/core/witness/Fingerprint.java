package carpool.replicator.core.witness;

import carpool.replicator.core.witness.WitnessRecord.Only;
import org.jspecify.annotations.Nullable;

/// 64 bits that stand for a [World]. Worlds that differ only in numbers that nobody compares
/// (tokens, generations that are nowhere else, revisions that are gone) or in times that nobody
/// looks at before they are set anew are the same. What a primary holds its clients for is not part
/// of it: with `on-loss: suspend` nothing depends on that.
final class Fingerprint {
  private static final int NUMBERS_MAX = 32;

  private final long[] generations = new long[NUMBERS_MAX];
  private int generationCount;
  private long hash;
  private World world;

  Fingerprint(World world) {
    this.world = world;
  }

  long of(World w) {
    world = w;
    generationCount = 0;
    hash = 0x9E3779B97F4A7C15L;
    put(w.seen);
    put(w.writesBegun);
    put(w.writes);
    put(w.wipes);
    record(w.record);
    put(w.incarnation == 0 ? 0 : 1);
    put(w.nodes[0].incarnation == w.nodes[1].incarnation ? 1 : 0);
    for (var node : w.nodes) {
      node(node);
      mix();
    }
    return hash;
  }

  // ----- the bits, collected to longs

  private long bits;
  private int bitCount;

  private void put(int value) {
    bits = bits * 67 + value + 3; // values are small; more than 8 of them are mixed in between
    if (++bitCount == 8) {
      mix();
    }
  }

  private void mix() {
    long h = (hash ^ bits) * 0xBF58476D1CE4E5B9L;
    h ^= h >>> 29;
    h *= 0x94D049BB133111EBL;
    hash = h ^ (h >>> 32);
    bits = bitCount + 1L;
    bitCount = 0;
  }

  private void put(boolean value) {
    put(value ? 1 : 0);
  }

  // ----- parts

  private void node(Node n) {
    put(n.up);
    put(n.paused);
    put(n.data);
    put(n.ahead);
    put(n.outdated);
    put(n.inconsistent);
    put(n.incarnation == world.incarnation);
    put(n.pending);
    put(n.stage);
    put(n.echo == Node.NONE ? 1 : n.echo);
    put(n.askPromotion);
    put(n.promotionAnswer);
    put(n.syncCommit);
    put(n.syncDone);
    put((n.committed & n.pending) != 0);
    put(n.outdateQuestion);
    put(n.outdateAnswer);
    put(n.crashes);
    put(n.pauses);
    put(n.witnessLinkChanges);
    put(n.linkChanges);
    put(n.linkUp);
    put(n.witnessLinkUp);
    request(n.request);
    request(n.stray);
    machine(n.machine);
  }

  private void request(@Nullable Request r) {
    if (r == null) {
      put(0);
      return;
    }
    put(1);
    put(r.create());
    if (r.record() == null) {
      put(0);
    } else {
      put(1);
      record(r.record());
    }
    switch (r.answer()) {
      case null -> put(world.holds(r));
      case WitnessEvent.TransactionWon(_, var revision) -> {
        put(2);
        put(revision == world.revision());
      }
      case WitnessEvent.TransactionLost(_, var view) -> {
        put(3);
        view(view);
      }
      case WitnessEvent.RecordRead(_, var view) -> {
        put(4);
        view(view);
      }
      default -> throw new IllegalStateException();
    }
  }

  private void view(WitnessView view) {
    put(view.incarnation() == world.incarnation);
    put(view.incarnation() == 0);
    record(view.record());
    put(view.revision() == world.revision());
  }

  private void record(WitnessRecord r) {
    switch (r) {
      case WitnessRecord.Absent _ -> put(0);
      case WitnessRecord.Both _ -> put(1);
      case Only(var name, var generation, var forced) -> {
        put(name.equals("A") ? 2 : 3);
        generation(generation);
        put(forced);
      }
    }
  }

  private void generation(long generation) {
    if (generation == 0) {
      put(0);
      return;
    }
    int i = 0;
    while (i < generationCount && generations[i] != generation) {
      i++;
    }
    if (i == generationCount) {
      generations[generationCount++] = generation;
    }
    put(i + 1);
  }

  private void machine(@Nullable WitnessState s) {
    if (s == null) {
      put(0);
      return;
    }
    put(code(s.standing()));
    put(s.copyUsable());
    put(s.incarnation() == world.incarnation);
    var session = s.session();
    if (session == null) {
      put(0);
    } else {
      put(code(session.sync()));
    }
    if (s.standing() == Standing.PRIMARY) {
      put((int) s.leaseUntilNanos());
      put(session == null ? 0 : (int) s.silentNanos(session));
      put((int) s.retryAtNanos());
    }
    put((int) s.promisedUntilNanos());
    put((int) s.awakeUntilNanos());
    put(s.peerOutdated());
    put(s.continued());
    if (s.won() == null) {
      put(0);
    } else {
      put(1);
      record(s.won().record());
      put(s.won().revision() == world.revision());
    }
    generation(s.claim());
    if (s.question() == null) {
      put(0);
    } else {
      put(s.question().kind() == PeerQuestion.Kind.PROMOTE ? 1 : 2);
      put((int) s.question().askedNanos());
    }
    switch (s.call()) {
      case null -> put(0);
      case WitnessCall.Reading(_, var until) -> {
        put(1);
        put((int) until);
      }
      case WitnessCall.Writing(_, var until, var record) -> {
        put(2);
        put((int) until);
        record(record);
      }
    }
  }

  private static int code(Standing standing) {
    return switch (standing) {
      case SECONDARY -> 1;
      case CANDIDATE -> 2;
      case FORCED_CANDIDATE -> 3;
      case PRIMARY -> 4;
      case STOPPED -> 5;
    };
  }

  private static int code(SyncState sync) {
    return switch (sync) {
      case SOURCE -> 1;
      case TARGET -> 2;
      case COMMITTING -> 3;
      case IN_SYNC -> 4;
    };
  }
}
