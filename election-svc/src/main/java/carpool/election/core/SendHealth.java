package carpool.election.core;

/// Whether the interface takes our advertisements. The node demotes itself after [#THRESHOLD]
/// refusals in a row, and takes that back after as many good sends.
///
/// @param failures consecutive refusals; not counted past the threshold
/// @param successes consecutive successes since the threshold was passed
record SendHealth(int failures, int successes) {
  /// `CARP_SENDAD_MAX_ERRORS` and `CARP_SENDAD_MIN_SUCCESS` of the kernel.
  private static final int THRESHOLD = 3;

  static final SendHealth GOOD = new SendHealth(0, 0);

  boolean failing() {
    return failures >= THRESHOLD;
  }

  boolean recovered() {
    return failing() && successes >= THRESHOLD;
  }

  SendHealth refused() {
    return new SendHealth(Math.min(failures + 1, THRESHOLD), 0);
  }

  SendHealth taken() {
    return failing() ? new SendHealth(failures, successes + 1) : GOOD;
  }
}
