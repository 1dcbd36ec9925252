package carpool.orchestrator.core;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Which local copies are to be marked outdated: since when each secondary has been without its
/// link, and whether the mark was made. A copy is marked once per loss of its link. Not safe for
/// concurrent use.
public final class OutdatedCopies {
  private static final class Loss {
    final long sinceNanos;
    boolean marked;

    Loss(long sinceNanos) {
      this.sinceNanos = sinceNanos;
    }
  }

  /// What CARP says of the other node.
  ///
  /// @param carp state of the group here
  /// @param silentNanos how long ago the other node was heard
  /// @param advskew that it advertised
  public record Heard(Carp carp, long silentNanos, long advskew) {}

  /// A copy that looks outdated. The replicator has to confirm that before it is marked.
  ///
  /// @param sinceNanos when the loss of its link was seen; tells this loss from a later one
  public record Candidate(String resource, long sinceNanos) {}

  private final long holdNanos;
  private final Map<String, Loss> losses = new HashMap<>();

  /// Knows nothing at first.
  ///
  /// @param holdNanos for which a node waits for its own replicator
  public OutdatedCopies(long holdNanos) {
    this.holdNanos = holdNanos;
  }

  /// What the watch of the replicator told of one resource.
  ///
  /// @param lost a secondary whose link is wanted and is not there
  public void seen(long now, String resource, boolean lost) {
    if (lost) {
      losses.computeIfAbsent(resource, _ -> new Loss(now));
    } else {
      losses.remove(resource);
    }
  }

  /// The copies among `resources` that look outdated.
  public List<Candidate> candidates(long now, Heard heard, Collection<String> resources) {
    var candidates = new ArrayList<Candidate>();
    for (var resource : resources) {
      var loss = losses.get(resource);
      if (loss != null
          && !loss.marked
          && OutdatedRule.holds(
              heard.carp(),
              Role.SECONDARY,
              now - loss.sinceNanos,
              heard.silentNanos(),
              heard.advskew(),
              holdNanos)) {
        candidates.add(new Candidate(resource, loss.sinceNanos));
      }
    }
    return candidates;
  }

  /// Whether a candidate is to be marked. A loss that was seen may be over, and another one have
  /// begun, while this process was not running or had not read what it was told: what the
  /// replicator knows decides.
  ///
  /// @param peerSilentNanos how long the peer's replicator has been silent, as the replicator says
  public boolean confirmed(Heard heard, long peerSilentNanos) {
    return OutdatedRule.silentLongEnough(peerSilentNanos, heard.silentNanos(), holdNanos);
  }

  /// The replicator has marked the copy. A loss that began meanwhile is another one.
  public void marked(Candidate candidate) {
    var loss = losses.get(candidate.resource());
    if (loss != null && loss.sinceNanos == candidate.sinceNanos()) {
      loss.marked = true;
    }
  }
}
