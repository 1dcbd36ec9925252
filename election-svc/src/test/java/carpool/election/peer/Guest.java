package carpool.election.peer;

/// Something that lives on a [Wire] and ends with it.
interface Guest extends AutoCloseable {
  @Override
  void close();
}
