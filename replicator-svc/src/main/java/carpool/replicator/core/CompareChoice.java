package carpool.replicator.core;

/// Decides whether a chunk is compared by digest before it is sent, or sent at once.
///
/// Comparing first costs an equal chunk a few bytes instead of all of it, and a different one a
/// second round trip. So it is done as long as it pays: after a row of chunks that differed they
/// are sent at once, with a comparison now and then that notices when equal ones come again.
final class CompareChoice {
  private static final int SCORE_MAX = 16;
  private static final int SCORE_SEND = 8;
  private static final int EQUAL_WEIGHT = 6;
  private static final int SAMPLE_EVERY = 8;

  private int score;
  private int sinceSample;

  /// Before a run: equal chunks are expected.
  void reset() {
    score = 0;
    sinceSample = 0;
  }

  /// Whether the next chunk is to be compared.
  boolean next() {
    if (score < SCORE_SEND || ++sinceSample >= SAMPLE_EVERY) {
      sinceSample = 0;
      return true;
    }
    return false;
  }

  /// A chunk was compared.
  void learned(boolean equal) {
    score = equal ? Math.max(0, score - EQUAL_WEIGHT) : Math.min(SCORE_MAX, score + 1);
  }
}
