package carpool.election.core;

/// Why a role changed. The first eight are FreeBSD's own words (carp.md 2.5), so that log searches
/// written for the kernels keep working; the others name what only this service does.
public enum Reason {
  INITIALIZATION_COMPLETE("initialization complete"),
  MASTER_TIMED_OUT("master timed out"),
  PREEMPTING("preempting a slower master"),
  MASTER_WILL_TIME_OUT("master will time out"),
  MORE_FREQUENT_HEARD("more frequent advertisement received"),
  USER_REQUESTED("user requested via carpool"),
  INTERFACE_DOWN("hardware interface down"),
  INTERFACE_UP("hardware interface up"),
  /// This node gave the role away; 255/255 was sent.
  RESIGNED("resigned"),
  /// A cause that rules out MASTER was set, for example maintenance.
  NOT_ELIGIBLE("not eligible"),
  /// The process did not run for longer than a peer waits: the peer is taken for MASTER.
  CLOCK_LATE("own clock late, another master assumed"),
  /// The process before this one was MASTER a moment ago, and nobody can have taken over.
  RESUMED("resumed after a restart"),
  /// Orderly stop of the process.
  STOPPED("stopped");

  private final String text;

  Reason(String text) {
    this.text = text;
  }

  /// As logged between parentheses.
  public String text() {
    return text;
  }
}
