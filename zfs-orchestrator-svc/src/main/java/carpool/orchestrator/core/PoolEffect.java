package carpool.orchestrator.core;

/// What the shell has to do for the machine.
public sealed interface PoolEffect {

  /// Run the step; answer with [PoolEvent.StepDone] or [PoolEvent.StepFailed] and this token, at
  /// the latest when the limit is over, whatever became of the step.
  record Run(long token, Step step, long limitNanos) implements PoolEffect {}

  /// Break the running step off; its answer still comes, soon.
  record Abort(long token) implements PoolEffect {}

  /// Answer with [PoolEvent.TimerFired] after the delay.
  record ArmTimer(long token, long delayNanos) implements PoolEffect {}

  /// This cause stands against the node from now on, or its text changed.
  record SetCause(Cause cause, String text) implements PoolEffect {}

  /// It no longer does.
  record ClearCause(Cause cause) implements PoolEffect {}

  /// To be kept over a restart from now on.
  record Remember(Memory memory) implements PoolEffect {}

  /// Tell the replicator that the resources are about to be given up to the other node: should the
  /// link break now, it asks for nothing. Told before the export that follows begins.
  ///
  /// @param forNanos how long that counts at most; 0: the node continues to serve
  record AnnounceGiveUp(long forNanos) implements PoolEffect {}

  /// Leave MASTER.
  ///
  /// @param together true: when every pool of the group has asked for it
  record Resign(String cause, boolean together) implements PoolEffect {}

  /// The phase changed.
  record PhaseChanged(Phase from, Phase to, String cause) implements PoolEffect {}

  /// A step began or ended.
  record StepNoted(StepRecord step) implements PoolEffect {}

  /// A takeover, give-up or other passage is over.
  record PassageOver(Passage passage) implements PoolEffect {}

  /// A service changed its state.
  record ServiceNoted(int index, ServiceView service) implements PoolEffect {}

  /// The end of a command. An empty reason is success.
  record Answer(long id, String reason, String text, String hint) implements PoolEffect {}
}
