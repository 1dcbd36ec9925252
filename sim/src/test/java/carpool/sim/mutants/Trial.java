package carpool.sim.mutants;

/// What became of a planted fault.
///
/// @param by the test or world that found it; else what happened
/// @param millis wall-clock time, compiling included
record Trial(Mutant mutant, Outcome outcome, String by, long millis) {
  /// Outcomes; the last two are failures of the catalogue or of the tests.
  enum Outcome {
    KILLED,
    /// Nothing found it, and the catalogue says why nothing can.
    EQUIVALENT,
    SURVIVED,
    /// It could not be planted, or is said to be equivalent and was found.
    BROKEN;

    boolean good() {
      return this == KILLED || this == EQUIVALENT;
    }
  }
}
