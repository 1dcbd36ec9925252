package carpool.election.core;

/// A takeover whose advertisement is out and not yet contradicted; only a BACKUP has one.
///
/// @param reason what the role is taken for; told with the transition
/// @param extensions how often the claim was prolonged because its timer came late
record Claim(Reason reason, int extensions) {
  /// How often a claim whose timer came late waits a little more, for objections not yet read.
  private static final int EXTENSIONS_MAX = 5;

  static Claim of(Reason reason) {
    return new Claim(reason, 0);
  }

  boolean mayBeExtended() {
    return extensions < EXTENSIONS_MAX;
  }

  Claim extended() {
    return new Claim(reason, extensions + 1);
  }

  /// Whether a master was heard just before: it lives, and contradicts the claim if it hears it.
  boolean besideMaster() {
    return reason != Reason.MASTER_TIMED_OUT;
  }

  /// Whether a slower master yields as soon as it hears the claim, so that hearing one is no
  /// contradiction.
  boolean outrunsSlower() {
    return reason == Reason.USER_REQUESTED || reason == Reason.MASTER_WILL_TIME_OUT;
  }
}
