package carpool.orchestrator.core;

/// What an operator, or the end of the process, asks of one pool.
public sealed interface Command {

  /// Give up in an orderly way, resign, and see the peer take over.
  ///
  /// @param cause for people
  record Switchover(String cause) implements Command {
    /// By an operator.
    public Switchover() {
      this("switchover");
    }
  }

  /// Do not serve until switched off.
  record Maintenance(boolean on, String cause) implements Command {}

  /// Leave the pool as it is: no step is taken until switched off.
  record Unmanaged(boolean on, String cause) implements Command {}

  /// Forget what failed here.
  record ClearFailures() implements Command {}

  /// Answers as `wanted` would be answered if it were refused at once; changes nothing.
  record Check(Command wanted) implements Command {}

  /// Look for the pool again, or adopt it, and start its services.
  record Import() implements Command {}

  /// Stop services and export; the resources stay primary.
  record Export(boolean force) implements Command {}

  /// Serve here by an operator's word.
  record TakeOver(boolean force) implements Command {}

  /// The time that an operator gave for the command asked with this same id is over. What it began
  /// is taken back where that is possible: a switchover ends in serving here again.
  record Expire() implements Command {}

  /// The process ends: give up everything.
  record Stop() implements Command {}

  /// The process ends and another one takes its place at once: what is served, or is to be served,
  /// stays as it is; what is being given up is given up first. Answered when no step is begun any
  /// more; a [Stop] that follows gives up all the same.
  record Leave() implements Command {}
}
