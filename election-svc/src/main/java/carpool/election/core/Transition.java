package carpool.election.core;

import java.util.List;

/// The outcome of one step.
public record Transition(CarpState next, List<CarpEffect> effects) {}
