package carpool.kit.boot;

import java.time.Duration;

/// A part of a service with a life of its own. Bound into `Multibinder<Startable>`; started in the
/// order of [#phase()] (equal phases by name), stopped in reverse.
public interface Startable {
  /// Metrics and other observers.
  int OBSERVERS = 10;

  /// Files, devices, sockets of the service itself.
  int RESOURCES = 30;

  /// Core loops and what feeds them.
  int CORES = 50;

  /// Servers that others call: last to start, first to stop.
  int SERVERS = 90;

  /// For the log and error messages.
  String name();

  /// Position in the start order, one of the constants above or between them.
  default int phase() {
    return CORES;
  }

  /// Returns when the part works; an exception ends the process with exit code 1.
  void start() throws Exception;

  /// How long [#stop] may need, by the configuration; the process takes at least half a minute.
  default Duration stopTime() {
    return Duration.ZERO;
  }

  /// Ends within `deadline`; called once, also when [#start()] threw.
  void stop(Duration deadline) throws Exception;
}
