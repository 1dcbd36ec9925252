package carpool.replicator.core;

import java.util.ArrayList;
import java.util.List;

/// Which generation of data a copy holds, and where it comes from.
///
/// The counters are HAST's and kept for its tools; carpool decides by the generations, random
/// numbers that cannot be equal by accident (hast.md W9). A node that goes on without its peer
/// draws a new generation first; the one before, which is what the peer has, heads the history.
///
/// @param resuid random number of the pair, all 64 bits used; 0 = never connected
/// @param localcnt this node's modification counter (HAST)
/// @param remotecnt the peer's counter as last agreed (HAST)
/// @param generation present generation; 0 = never written
/// @param alone true when this copy went on without its peer: the peer's copy is known to be older.
///   False means that the peer may hold the same generation, so a write without the peer needs a
///   new generation first
/// @param history generations before, newest first, at most [#HISTORY_MAX]
public record Identity(
    long resuid,
    long localcnt,
    long remotecnt,
    long generation,
    boolean alone,
    List<Long> history) {

  /// How many generations are remembered.
  public static final int HISTORY_MAX = 8;

  /// Stands for "whatever hastd wrote" until the disk is attached ([#ofHast]). A random generation
  /// is never 0 or 1.
  public static final long HAST_GENERATION = 1;

  /// A provider that was just created.
  public static final Identity FRESH = new Identity(0, 0, 0, 0, false, List.of());

  public Identity {
    history = List.copyOf(history.subList(0, Math.min(history.size(), HISTORY_MAX)));
  }

  /// True when no generation was ever drawn.
  public boolean virgin() {
    return generation == 0;
  }

  /// A disk that hastd wrote last gets the generation that its counters mean.
  ///
  /// @param goesFirst this node's name sorts before the peer's
  Identity ofHast(boolean goesFirst) {
    return generation == HAST_GENERATION
        ? withGeneration(HastGenerations.of(localcnt, remotecnt, goesFirst))
        : this;
  }

  private Identity withGeneration(long newGeneration) {
    return new Identity(resuid, localcnt, remotecnt, newGeneration, alone, history);
  }

  /// True when it was written without a copy that it went on from: the first writes after its
  /// creation, or [#forced].
  public boolean withoutAncestor() {
    return !virgin() && history.equals(List.of(0L));
  }

  /// True when this copy went on from a copy of that generation. Everything went on from a copy
  /// that was never written.
  boolean descendsFrom(long ancestor) {
    if (generation == ancestor) {
      return false;
    }
    if (ancestor == 0
        || history.contains(ancestor)
        || HastGenerations.follows(generation, ancestor)) {
      return true;
    }
    for (long past : history) {
      if (HastGenerations.follows(past, ancestor)) {
        return true;
      }
    }
    return false;
  }

  /// The target of a synchronisation, before its first block changes: it holds neither what it held
  /// nor what the source holds, so it must not carry the source's generation. Only the source, and
  /// who went on from it, can tell what this copy is ([#knownTo]).
  Identity unfinished() {
    return virgin() ? this : withGeneration(~generation);
  }

  /// This identity as `other` sees it: an unfinished copy of `other`'s own generation, or of one
  /// before, counts as that generation. To everybody else it descends from nothing they know.
  ///
  /// @param unfinished this copy is half synchronised
  Identity knownTo(Identity other, boolean unfinished) {
    boolean knows = other.generation == ~generation || other.history.contains(~generation);
    return unfinished && knows ? withGeneration(~generation) : this;
  }

  /// An operator forces a copy into service of which nobody knows how it stands to the peer's. It
  /// descends from nothing that the peer could take for its own: the two meet as a split brain.
  Identity forced(long fresh) {
    return new Identity(resuid, localcnt + 1, remotecnt, fresh, true, List.of(0L));
  }

  /// This node goes on alone with the generation `fresh` (not 0).
  public Identity goOnAlone(long fresh) {
    var past = new ArrayList<Long>(history.size() + 1);
    past.add(generation);
    past.addAll(history);
    return new Identity(
        resuid,
        localcnt + 1,
        remotecnt,
        fresh,
        true,
        past.subList(0, Math.min(past.size(), HISTORY_MAX)));
  }

  /// The source of a synchronisation, when both copies are durably equal and the target is about to
  /// be told. From here on the target may hold this generation too.
  public Identity noLongerAlone() {
    return new Identity(resuid, localcnt, remotecnt, generation, false, history);
  }

  /// What the target of a finished synchronisation takes over from this, the source.
  public Identity asSeenByTarget() {
    return new Identity(
        resuid, /* localcnt= */ remotecnt, /* remotecnt= */ localcnt, generation, false, history);
  }

  /// The loser of a split brain gives its own generation up and stands where both sides parted; 0,
  /// which means that every block counts, when that is not known any more.
  public Identity backToWherePartedFrom(Identity survivor) {
    for (int i = 0; i < history.size(); i++) {
      long past = history.get(i);
      if (survivor.generation == past || survivor.history.contains(past)) {
        return new Identity(
            resuid, localcnt, remotecnt, past, false, history.subList(i + 1, history.size()));
      }
    }
    return new Identity(resuid, localcnt, remotecnt, 0, false, List.of());
  }

  /// True when this copy is `ancestor`'s, or went on from it.
  public boolean continues(Identity ancestor) {
    return generation == ancestor.generation || descendsFrom(ancestor.generation);
  }

  /// The same with another number of the pair.
  public Identity withResuid(long newResuid) {
    return new Identity(newResuid, localcnt, remotecnt, generation, alone, history);
  }
}
