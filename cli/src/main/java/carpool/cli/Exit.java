package carpool.cli;

/// Exit codes of `carpool`: 2 also for a wrong command line, as picocli gives it.
final class Exit {
  static final int DONE = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;

  private Exit() {}
}
