package carpool.replicator.witness;

import java.util.Map;

/// What came of reading versions: [Revisions] or a [WitnessFailure].
public sealed interface RevisionsAnswer permits RevisionsAnswer.Revisions, WitnessFailure {

  /// The modification revision of each resource's record; 0: there is none.
  record Revisions(Map<String, Long> byResource, long cluster) implements RevisionsAnswer {}
}
