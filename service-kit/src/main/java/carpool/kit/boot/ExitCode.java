package carpool.kit.boot;

/// How a carpool process ends.
public final class ExitCode {
  /// Done, or stopped in order.
  public static final int OK = 0;

  /// Something failed; the log says what.
  public static final int FAILURE = 1;

  /// Wrong command line or configuration; restarting without a change is useless.
  public static final int USAGE = 2;

  /// The process stopped itself because going on was not safe.
  public static final int FAIL_STOP = 3;

  private ExitCode() {}
}
