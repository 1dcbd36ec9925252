package carpool.replicator.witness;

/// The witness gave no answer that counts.
///
/// @param text what was found, what is allowed and what to do, for an operator; holds no secret
/// @param perhapsDone whether the change that was asked for may have been carried out, or may yet
///   be: then only a later read tells. Always false for a read.
public record WitnessFailure(Reason reason, String text, boolean perhapsDone)
    implements ReadAnswer, RevisionsAnswer, ChangeAnswer, ProbeAnswer {

  /// What kind of failure it is. The later ones say more about the cause than the earlier ones, so
  /// of several endpoints the last kind is given.
  public enum Reason {
    /// No connection, or no answer in time, or something else than an etcd at that port.
    UNREACHABLE,
    /// TLS: one side refuses the other, or only one of them speaks it.
    TLS,
    /// Another etcd cluster than the expected one.
    FOREIGN_CLUSTER,
    /// A member answers but has no majority of its cluster behind it.
    NO_QUORUM,
    /// The database has reached its quota: reads work, changes do not.
    NO_SPACE,
    /// The user or the password is wrong, or one is needed and none is configured.
    UNAUTHENTICATED,
    /// The user may not read or write these keys.
    PERMISSION_DENIED,
    /// An answer or a record that this version does not understand, or too long a one.
    MALFORMED
  }
}
