package carpool.replicator.core.witness;

/// The machine that a [World] runs: the product's, or one with a planted fault.
interface Rule {
  Rule PRODUCT = new Rule() {};

  default WitnessState start(
      WitnessConfig config, long incarnation, boolean copyUsable, long nowNanos) {
    return WitnessState.initial(config, incarnation, copyUsable, nowNanos);
  }

  default Transition step(WitnessState state, Moment moment, WitnessEvent event) {
    return WitnessMachine.step(state, moment, event);
  }

  default boolean answers(WitnessState state, long nowNanos) {
    return state.permission(nowNanos) == Permission.ANSWER;
  }
}
