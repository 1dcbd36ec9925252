package carpool.replicator.engine;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.witness.Permission;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnswerGateTest {
  private Permission permission = Permission.ANSWER;
  private final AnswerGate gate = new AnswerGate(() -> permission);
  private final List<Integer> good = new ArrayList<>();
  private final List<Integer> failed = new ArrayList<>();

  private void release() {
    gate.release(good::add, failed::add);
  }

  @Test
  void anAnswerPassesOnlyWhileItMay() {
    assertThat(gate.passes(1)).isTrue();
    permission = Permission.HOLD;
    assertThat(gate.passes(2)).isFalse();
    assertThat(gate.passes(3)).isFalse();
    release();
    assertThat(good).isEmpty();
    assertThat(gate.held()).isEqualTo(2);

    permission = Permission.ANSWER;
    release();

    assertThat(good).containsExactly(2, 3);
    assertThat(failed).isEmpty();
    assertThat(gate.held()).isZero();
    assertThat(gate.passes(4)).isTrue();
  }

  /// Whoever came first is answered first.
  @Test
  void nothingPassesWhatIsHeld() {
    permission = Permission.HOLD;
    assertThat(gate.passes(1)).isFalse();
    permission = Permission.ANSWER;

    assertThat(gate.passes(2)).isFalse();

    release();
    assertThat(good).containsExactly(1, 2);
  }

  @Test
  void whatMayNotBeAnsweredAtAllFails() {
    permission = Permission.HOLD;
    assertThat(gate.passes(1)).isFalse();

    permission = Permission.FAIL;
    release();
    assertThat(failed).containsExactly(1);
    assertThat(gate.passes(2)).isFalse();

    gate.failAll(failed::add);
    assertThat(failed).containsExactly(1, 2);
    assertThat(good).isEmpty();
  }
}
