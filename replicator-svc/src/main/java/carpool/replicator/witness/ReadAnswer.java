package carpool.replicator.witness;

import java.util.Map;
import java.util.Optional;

/// What came of reading records: [Records] or a [WitnessFailure].
public sealed interface ReadAnswer permits ReadAnswer.Records, WitnessFailure {

  /// All records that were asked for, as of one revision; linearizable: at least as new as every
  /// change that was answered before the question.
  ///
  /// @param byResource has every resource that was asked for
  /// @param cluster the id of the etcd cluster
  /// @param revision of the whole etcd at the read
  record Records(Map<String, Versioned> byResource, long cluster, long revision)
      implements ReadAnswer {}

  /// A record and its version.
  ///
  /// @param record empty when there is none
  /// @param modRevision etcd's revision of its last change; 0 when there is none
  record Versioned(Optional<ResourceRecord> record, long modRevision) {}
}
