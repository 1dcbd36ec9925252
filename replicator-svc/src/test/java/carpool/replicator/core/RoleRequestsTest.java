package carpool.replicator.core;

import static carpool.replicator.core.Effects.Result.IO_ERROR;
import static carpool.replicator.core.Effects.Result.OK;
import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.PromotionRule.Verdict;
import org.junit.jupiter.api.Test;

/// Who takes requests of clients, and what a demotion waits for.
final class RoleRequestsTest {
  private final CorePair pair = CorePair.inStep(ReplicationMode.FULLSYNC);

  private void demote() {
    pair.a.verdict = null;
    pair.a.core().setRole(77, Role.SECONDARY, false);
    pair.settle();
  }

  private void refuses(CorePair.Node node) {
    int write = node.write(3, 30);
    int read = node.read(3);
    int flush = node.flush();
    assertThat(node.answers.get(write)).isEqualTo(IO_ERROR);
    assertThat(node.answers.get(read)).isEqualTo(IO_ERROR);
    assertThat(node.answers.get(flush)).isEqualTo(IO_ERROR);
  }

  @Test
  void secondaryTakesNone() {
    refuses(pair.b);
  }

  @Test
  void deviceThatWasCutOffTakesNone() {
    pair.a.core().cutOff();
    refuses(pair.a);
  }

  @Test
  void nodeOnItsWayToSecondaryTakesNone() {
    pair.a.write(2, 20);
    pair.settle();
    pair.a.holdFlushes();
    demote();
    assertThat(pair.a.verdict).isNull();
    refuses(pair.a);
  }

  @Test
  void demotionWaitsForRequestsUnderWay() {
    pair.a.write(2, 20);
    pair.settle();
    pair.a.hang();
    int write = pair.a.write(3, 30);
    demote();
    assertThat(pair.a.verdict).isNull();

    pair.a.unhang();
    pair.settle();
    assertThat(pair.a.answers.get(write)).isEqualTo(OK);
    assertThat(pair.a.verdict).isEqualTo(Verdict.ALLOWED);
    assertThat(pair.a.core().role()).isEqualTo(Role.SECONDARY);
  }

  @Test
  void demotionFlushesBothDisks() {
    for (var late : new CorePair.Node[] {pair.a, pair.b}) {
      pair.a.write(2, 20);
      pair.settle();
      late.holdFlushes();
      demote();
      assertThat(pair.a.verdict).isNull();

      late.releaseFlushes();
      pair.settle();
      assertThat(pair.a.verdict).isEqualTo(Verdict.ALLOWED);
      assertThat(pair.promote(pair.a)).isEqualTo(Verdict.ALLOWED);
    }
  }
}
