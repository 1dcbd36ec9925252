package carpool.orchestrator.core;

/// How this process ends: it stops and gives the pool up, or leaves it to the process that takes
/// its place.
final class ProcessEnd {
  boolean stopping;

  /// Another process is about to take the place of this one.
  boolean leaving;

  /// No step is begun any more: the rest is the next process's.
  boolean left;

  /// The pool is given up: a restart that was under way is called off.
  void stop() {
    stopping = true;
    leaving = false;
    left = false;
  }
}
