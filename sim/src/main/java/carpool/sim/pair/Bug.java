package carpool.sim.pair;

/// A fault planted on purpose: the checkers must find it.
enum Bug {
  /// A promotion that is refused because the peer is primary is carried out all the same.
  PROMOTE_BESIDE_PRIMARY,
  /// A demotion tells success and leaves role and devices as they are.
  DEMOTION_ONLY_SAYS_SO,
  /// A primary that lost its peer goes on alone without asking it.
  GOES_ON_WITHOUT_ASKING,
  /// CARP takes the role back from a node that serves and is well.
  PREEMPTS_AT_ONCE,
  /// Groups that should move together are left where CARP has put them.
  GROUPS_MOVE_APART
}
