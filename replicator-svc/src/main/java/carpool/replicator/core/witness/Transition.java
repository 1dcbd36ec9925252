package carpool.replicator.core.witness;

import java.util.List;

/// The outcome of one step.
public record Transition(WitnessState next, List<WitnessEffect> effects) {}
