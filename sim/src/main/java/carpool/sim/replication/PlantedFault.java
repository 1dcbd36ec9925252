package carpool.sim.replication;

/// A fault planted on purpose: the checkers must find it.
enum PlantedFault {
  NONE,
  /// A primary waits for a silent peer without an end.
  WAITS_FOR_EVER
}
