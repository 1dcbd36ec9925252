package carpool.election.core;

/// An earlier process was MASTER a moment ago, and this one has not had a link yet.
///
/// @param untilNanos until when it may go on with that role
record Resumption(long untilNanos) {

  boolean inTime(long now) {
    return now - untilNanos < 0;
  }
}
