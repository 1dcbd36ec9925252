package carpool.replicator.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/// A defect stops the process; it does not answer.
final class InvariantsTest {
  private final CorePair pair = CorePair.inStep(ReplicationMode.FULLSYNC);
  private final ReplicationCore core = pair.a.core();

  private void broken(String what, Consumer<CoreState> defect) {
    core.checkInvariants();
    defect.accept(core.state);
    assertThatThrownBy(core::checkInvariants)
        .isInstanceOf(Check.Broken.class)
        .hasMessageContaining(what);
  }

  @Test
  void sessionWithoutPhase() {
    broken("a phase without session", s -> s.session = 0);
  }

  @Test
  void fencedSecondary() {
    broken(
        "fenced node",
        s -> {
          s.fenced = true;
          s.role = Role.SECONDARY;
        });
  }

  @Test
  void primaryThatIsOverwritten() {
    broken("a primary that is a target", s -> s.phase = Phase.RECEIVING);
  }

  @Test
  void recordThatIsNotThere() {
    broken("recorded alone", s -> s.aloneDurable = true);
  }

  @Test
  void tornCopyThatWouldBeServed() {
    broken(
        "half-synchronised",
        s -> {
          s.role = Role.SECONDARY;
          s.phase = Phase.RECEIVING;
        });
  }

  @Test
  void peersCopyUsedWithoutNeed() {
    broken("without need", s -> s.soleCopy = SoleCopy.CONFIRMED);
  }

  @Test
  void requestOfAnEarlierSession() {
    pair.b.hang();
    pair.a.write(3, 3);
    pair.settle();
    broken("an earlier session", s -> s.ranges.held().getFirst().session--);
  }

  @Test
  void writeBeforeItsMark() {
    pair.a.write(3, 3);
    pair.settle();
    pair.a.hang();
    pair.a.write(40, 1); // waits for its mark
    assertThat(core.state.ranges.held()).hasSize(1);
    broken("whose mark is not durable", s -> s.ranges.held().getFirst().localPending = true);
  }

  @Test
  void goodAnswerOfAFencedNode() {
    core.state.fenced = true;
    assertThatThrownBy(() -> core.state.answerOk(1)).isInstanceOf(Check.Broken.class);
  }

  /// Each phase can be reached, and only by steps of the table.
  @Test
  void phasesFollowTheTable() {
    for (var from : Phase.values()) {
      assertThat(from.mayBecome(Phase.APART)).isEqualTo(from != Phase.APART);
      long ways = java.util.Arrays.stream(Phase.values()).filter(p -> p.mayBecome(from)).count();
      assertThat(ways).as("ways to %s", from).isPositive();
      assertThat(Phase.IN_STEP.mayBecome(from)).isEqualTo(from == Phase.APART);
      if (from.target()) {
        assertThat(java.util.Arrays.stream(Phase.values()).filter(Phase::source))
            .as("a target never becomes a source in one session")
            .noneMatch(from::mayBecome);
      }
    }
    assertThatThrownBy(() -> core.state.become(Phase.COPYING)).isInstanceOf(Check.Broken.class);
  }
}
