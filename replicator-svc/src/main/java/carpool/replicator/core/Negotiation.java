package carpool.replicator.core;

import carpool.replicator.core.Agreement.Fenced;
import carpool.replicator.core.Agreement.Refused;
import carpool.replicator.core.Agreement.Source;
import carpool.replicator.core.Agreement.Target;
import carpool.replicator.core.Agreement.Waiting;

/// Who copies to whom when two nodes meet, or why nobody does. A pure function of the two hellos,
/// computed by both sides; [#decide] with swapped arguments gives the other half.
///
/// Generations of a pair that hastd made come from its counters ([HastGenerations]).
///
/// | generations | roles | result |
/// |---|---|---|
/// | equal | one primary | from the primary, what is known to differ |
/// | equal | no primary | from the copy of more worth; equal worth: wait for a promotion |
/// | equal | both primary | nobody has written alone: the one promoted earlier gives up |
/// | mine descends from the peer's | peer not primary | from me; all blocks if more than one generation apart |
/// | mine descends from the peer's | peer primary | the peer gives up (R5), then as above |
/// | neither descends | | split brain, unless an operator named the survivor |
/// | never written on both sides | | all blocks, from the primary |
public final class Negotiation {
  private Negotiation() {}

  /// Computes this node's half of the agreement.
  ///
  /// @param mine this node's hello
  /// @param peer the peer's hello
  /// @return this node's half of the agreement
  public static Agreement decide(Hello mine, Hello peer) {
    return decideKnown(seenBy(mine, peer), seenBy(peer, mine));
  }

  /// A hello with the generation that the other side knows it by.
  private static Hello seenBy(Hello hello, Hello other) {
    boolean unfinished = hello.disk() == DiskState.INCONSISTENT;
    return hello.of(hello.identity().knownTo(other.identity(), unfinished));
  }

  private static Agreement decideKnown(Hello mine, Hello peer) {
    if (mine.role() == Role.INIT) {
      return new Refused(RefusalReason.NOT_READY);
    }
    if (peer.role() == Role.INIT) {
      return new Refused(RefusalReason.PEER_NOT_READY);
    }
    if (unusable(mine.disk())) {
      return new Refused(RefusalReason.DISK_UNUSABLE);
    }
    if (unusable(peer.disk())) {
      return new Refused(RefusalReason.PEER_DISK_UNUSABLE);
    }
    if (mine.disk() == DiskState.INCONSISTENT && mine.role() == Role.PRIMARY) {
      return new Fenced(RefusalReason.NO_USABLE_COPY); // does not happen; if it does, not further
    }
    if (peer.disk() == DiskState.INCONSISTENT && peer.role() == Role.PRIMARY) {
      return new Refused(RefusalReason.NO_USABLE_COPY);
    }
    if (mine.dataSizeBytes() != peer.dataSizeBytes()) {
      return new Refused(RefusalReason.SIZE_DIFFERS);
    }
    var my = mine.identity();
    var his = peer.identity();
    if (my.resuid() != 0 && his.resuid() != 0 && my.resuid() != his.resuid()) {
      return new Refused(RefusalReason.RESUID_DIFFERS);
    }
    long resuid = resuid(mine, peer);
    if (my.generation() == his.generation()) {
      return equalGenerations(mine, peer, resuid);
    }
    boolean iDescend = my.descendsFrom(his.generation());
    boolean heDescends = his.descendsFrom(my.generation());
    if (iDescend && !heDescends) {
      return newerThanPeer(mine, peer, resuid);
    }
    if (heDescends && !iDescend) {
      return olderThanPeer(mine, peer, resuid);
    }
    return diverged(mine, peer, resuid);
  }

  private static boolean unusable(DiskState disk) {
    return disk == DiskState.DISKLESS || disk == DiskState.FAILED;
  }

  private static long resuid(Hello mine, Hello peer) {
    if (mine.identity().resuid() != 0) {
      return mine.identity().resuid();
    }
    if (peer.identity().resuid() != 0) {
      return peer.identity().resuid();
    }
    return goesFirst(mine, peer) ? mine.proposedResuid() : peer.proposedResuid();
  }

  private static boolean goesFirst(Hello mine, Hello peer) {
    return mine.nodeName().compareTo(peer.nodeName()) < 0;
  }

  private static Agreement equalGenerations(Hello mine, Hello peer, long resuid) {
    boolean full = mine.identity().virgin();
    boolean iServe = mine.role() == Role.PRIMARY;
    boolean heServes = peer.role() == Role.PRIMARY;
    if (iServe && heServes) {
      return mine.tenure().goesOnBefore(peer.tenure())
          ? new Refused(RefusalReason.BOTH_PRIMARY)
          : new Fenced(RefusalReason.BOTH_PRIMARY);
    }
    if (iServe) {
      return new Source(full, resuid);
    }
    if (heServes) {
      return new Target(full, resuid);
    }
    int difference = worth(mine) - worth(peer);
    if (mine.disk() == DiskState.INCONSISTENT && peer.disk() == DiskState.INCONSISTENT) {
      return new Refused(RefusalReason.NO_USABLE_COPY);
    }
    if (difference == 0) {
      return new Waiting(full, resuid);
    }
    return difference > 0 ? new Source(full, resuid) : new Target(full, resuid);
  }

  /// Of two copies of one generation without a primary, the one that lived on beats the one that
  /// crashed (which may have lost what it had not flushed), and a crashed primary beats a crashed
  /// secondary (what the primary flushed alone is only there).
  private static int worth(Hello hello) {
    return switch (hello.disk()) {
      case UP_TO_DATE -> 4;
      case CONSISTENT -> hello.wasPrimary() ? 3 : 2;
      case OUTDATED -> 1;
      case INCONSISTENT, DISKLESS, FAILED -> 0;
    };
  }

  private static Agreement newerThanPeer(Hello mine, Hello peer, long resuid) {
    if (mine.disk() == DiskState.INCONSISTENT) {
      return new Refused(RefusalReason.NO_USABLE_COPY);
    }
    if (peer.role() == Role.PRIMARY) {
      return new Refused(RefusalReason.PEER_OUTDATED_PRIMARY);
    }
    return new Source(needsAll(mine, peer), resuid);
  }

  private static Agreement olderThanPeer(Hello mine, Hello peer, long resuid) {
    if (peer.disk() == DiskState.INCONSISTENT) {
      return new Refused(RefusalReason.NO_USABLE_COPY);
    }
    if (mine.role() == Role.PRIMARY) {
      return new Fenced(RefusalReason.OUTDATED_PRIMARY);
    }
    return new Target(needsAll(peer, mine), resuid);
  }

  /// The maps of both sides together cover one generation of difference. Beyond that, or when the
  /// older copy was never written by the pair, every block counts.
  private static boolean needsAll(Hello newerHello, Hello olderHello) {
    var newer = newerHello.identity();
    var older = olderHello.identity();
    if (HastGenerations.follows(newer.generation(), older.generation())) {
      return !HastGenerations.onlyNewerWrote(
          newer.generation(), older.generation(), goesFirst(newerHello, olderHello));
    }
    return older.virgin()
        || older.resuid() == 0
        || newer.history().isEmpty()
        || newer.history().getFirst() != older.generation();
  }

  /// Of two copies that went apart: both maps together cover what differs only if both sides left
  /// the same generation. Else every block may differ.
  public static boolean leftTheSameGeneration(Identity one, Identity other) {
    var past = one.history();
    var othersPast = other.history();
    return !past.isEmpty()
        && !othersPast.isEmpty()
        && past.getFirst().equals(othersPast.getFirst())
        && past.getFirst() != 0;
  }

  private static Agreement diverged(Hello mine, Hello peer, long resuid) {
    if (mine.yields() == peer.yields()) {
      return new Refused(RefusalReason.SPLIT_BRAIN);
    }
    if ((mine.yields() ? peer : mine).disk() == DiskState.INCONSISTENT) {
      return new Refused(RefusalReason.NO_USABLE_COPY);
    }
    boolean full = !leftTheSameGeneration(mine.identity(), peer.identity());
    if (mine.yields()) {
      return mine.role() == Role.PRIMARY
          ? new Fenced(RefusalReason.SPLIT_BRAIN)
          : new Target(full, resuid);
    }
    return peer.role() == Role.PRIMARY
        ? new Refused(RefusalReason.SPLIT_BRAIN)
        : new Source(full, resuid);
  }
}
