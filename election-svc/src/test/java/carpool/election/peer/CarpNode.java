package carpool.election.peer;

import java.util.concurrent.TimeUnit;

/// A process that speaks CARP on a node of a [Wire].
abstract class CarpNode implements Guest {
  private final Process process;

  CarpNode(Process process) {
    this.process = process;
  }

  abstract boolean isMaster();

  abstract String log();

  void awaitMaster(double seconds) {
    Command.await(seconds, "MASTER; log:\n" + log(), this::isMaster);
  }

  void awaitBackup(double seconds) {
    Command.await(seconds, "not MASTER; log:\n" + log(), () -> !isMaster());
  }

  /// KILL, TERM, STOP, CONT to this process only.
  void signal(String name) {
    Command.run("kill", "-" + name, Long.toString(process.pid()));
  }

  void awaitEnd() {
    try {
      if (!process.waitFor(40, TimeUnit.SECONDS)) {
        throw new AssertionError("did not end; log:\n" + log());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  boolean alive() {
    return process.isAlive();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    awaitEnd();
  }
}
