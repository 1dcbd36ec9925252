package carpool.orchestrator.core;

import carpool.orchestrator.core.ServiceView.Running;

/// One service while its pool is here: what is known of it, and how often it may still be
/// restarted.
final class ServiceTrack {
  /// Restarts before the service counts as failed.
  private static final int BUDGET = 3;

  /// Failed checks in a row before a running service is restarted.
  private static final int FAILURES_MAX = 2;

  final PoolSpec.Service spec;
  private Running running = Running.UNKNOWN;
  private long sinceNanos;
  private int restarts;
  private int budgetUsed;
  private int failuresInRow;
  private boolean stopFirst;
  private boolean leftOver;
  private String problem = "";
  private long nextCheckNanos;

  ServiceTrack(PoolSpec.Service spec) {
    this.spec = spec;
  }

  ServiceView view() {
    return new ServiceView(running, sinceNanos, restarts, problem);
  }

  Running running() {
    return running;
  }

  /// True when a restart has to stop it before it is started.
  boolean stopFirst() {
    return stopFirst;
  }

  long nextCheckNanos() {
    return nextCheckNanos;
  }

  String problem() {
    return problem;
  }

  private void become(Running next, long now) {
    if (running != next) {
      running = next;
      sinceNanos = now;
    }
  }

  /// True when the pool has vanished under it and it was not told to stop since: it may go on, and
  /// would write into the directory on which the pool is to be mounted.
  boolean leftOver() {
    return leftOver;
  }

  /// The pool is not here, so nothing of it is to run.
  void forget(long now) {
    leftOver |=
        running == Running.RUNNING || running == Running.STARTING || running == Running.FAILED;
    become(Running.STOPPED, now);
    restarts = 0;
    budgetUsed = 0;
    failuresInRow = 0;
    stopFirst = false;
    problem = "";
  }

  void doubt(long now) {
    become(Running.UNKNOWN, now);
  }

  void stopping(long now) {
    become(Running.STOPPING, now);
  }

  /// It was told to stop; with `failure` not empty it may still run, and nothing more can be done.
  void stopped(String failure, long now) {
    stopFirst = false;
    leftOver = false;
    problem = failure;
    become(Running.STOPPED, now);
  }

  void started(long now) {
    become(spec.checked() ? Running.STARTING : Running.RUNNING, now);
    failuresInRow = 0;
    if (!spec.checked()) {
      problem = "";
    }
  }

  void checkedWell(long now) {
    become(Running.RUNNING, now);
    failuresInRow = 0;
    problem = "";
    nextCheckNanos = now + spec.intervalNanos();
    if (now - sinceNanos > Patience.BUDGET_REFILL) {
      budgetUsed = 0;
    }
  }

  boolean wellForLong(long now) {
    return running == Running.RUNNING && now - sinceNanos > Patience.BUDGET_REFILL;
  }

  /// What a failed check means.
  enum Verdict {
    /// Ask again after a moment.
    AGAIN,
    /// Not running yet: start it.
    START,
    RESTART,
    FAILED
  }

  Verdict checkedBadly(String text, long now) {
    problem = text;
    return switch (running) {
      case UNKNOWN, STOPPED, STOPPING -> {
        become(Running.STOPPED, now);
        yield Verdict.START;
      }
      case STARTING -> now - sinceNanos < spec.timeoutNanos() ? Verdict.AGAIN : startedBadly(now);
      case RUNNING -> {
        failuresInRow++;
        nextCheckNanos = now + Patience.CHECK_SUSPECT;
        yield failuresInRow < FAILURES_MAX ? Verdict.AGAIN : startedBadly(now);
      }
      case FAILED -> {
        nextCheckNanos = now + spec.intervalNanos();
        yield Verdict.AGAIN;
      }
    };
  }

  Verdict startFailed(String text, long now) {
    problem = text;
    return startedBadly(now);
  }

  private Verdict startedBadly(long now) {
    if (budgetUsed < BUDGET && spec.onFailure() != PoolSpec.OnFailure.IGNORE) {
      budgetUsed++;
      restarts++;
      stopFirst = true;
      become(Running.STOPPED, now);
      return Verdict.RESTART;
    }
    become(Running.FAILED, now);
    nextCheckNanos = now + spec.intervalNanos();
    return Verdict.FAILED;
  }
}
