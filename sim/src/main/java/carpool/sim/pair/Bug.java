package carpool.sim.pair;

/// A fault planted on purpose: the checkers must find it.
enum Bug {
  /// A promotion that is refused because the peer is primary is carried out all the same.
  PROMOTE_BESIDE_PRIMARY,
  /// Cutting off tells success and leaves the devices as they are.
  CUT_OFF_LEAVES_DEVICES
}
