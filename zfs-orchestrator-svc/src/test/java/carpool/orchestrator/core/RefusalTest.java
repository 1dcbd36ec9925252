package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What the replicator's words mean: whether to wait, or that this copy must not be served.
final class RefusalTest {
  @ParameterizedTest
  @CsvSource({
    "PEER_IS_PRIMARY, PEER_IS_PRIMARY, false",
    "HAND_OVER_TIMED_OUT, PEER_IS_PRIMARY, false",
    "HAND_OVER_REFUSED, PEER_IS_PRIMARY, false",
    "COPY_INCONSISTENT, COPY_INCONSISTENT, true",
    "COPY_OUTDATED, COPY_OUTDATED, true",
    "CURRENCY_UNKNOWN, CURRENCY_UNKNOWN, true",
    "SPLIT_BRAIN, SPLIT_BRAIN, true",
    "WITNESS_NAMES_PEER, WITNESS_NAMES_PEER, true",
    "WITNESS_FOREIGN, WITNESS_FOREIGN, true",
    "WITNESS_UNHEARD, WITNESS_UNHEARD, true",
    "DISK_UNUSABLE, OTHER, true",
    "A_WORD_OF_A_LATER_VERSION, OTHER, true"
  })
  void wordHasItsMeaning(String word, Refusal refusal, boolean aboutData) {
    assertThat(Refusal.of(word)).isEqualTo(refusal);
    assertThat(refusal.aboutData()).isEqualTo(aboutData);
  }

  @Test
  void noWordIsNoRefusal() {
    assertThat(Refusal.of("")).isEqualTo(Refusal.NONE);
    assertThat(Refusal.NONE.aboutData()).isFalse();
  }
}
