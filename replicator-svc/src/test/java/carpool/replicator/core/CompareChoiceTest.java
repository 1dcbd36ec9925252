package carpool.replicator.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CompareChoiceTest {
  private final CompareChoice choice = new CompareChoice();

  private int comparedOf(int chunks, boolean equal) {
    int compared = 0;
    for (int i = 0; i < chunks; i++) {
      if (choice.next()) {
        compared++;
        choice.learned(equal);
      }
    }
    return compared;
  }

  @Test
  void everyChunkIsComparedWhileTheyAreEqual() {
    assertThat(comparedOf(1000, true)).isEqualTo(1000);
  }

  @Test
  void chunksThatDifferAreSentAtOnceButForASampleNowAndThen() {
    assertThat(comparedOf(1000, false)).isBetween(120, 140);
  }

  @Test
  void equalChunksAreNoticedAgainWithinAFewSamples() {
    comparedOf(1000, false);

    assertThat(comparedOf(1000, true)).isGreaterThan(970);
  }
}
