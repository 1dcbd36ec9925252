package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.orchestrator.core.FailbackRule.Wish;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// The preferred node looks at the other one every two seconds.
final class FailbackRuleTest {
  private static final long SECOND = Bench.SECOND;

  static GroupSight standby(String node, int advskew, String... against) {
    return new GroupSight(node, advskew, false, true, List.of(against), false, "");
  }

  static GroupSight serving(String node, int advskew) {
    return new GroupSight(node, advskew, true, false, List.of(), false, "");
  }

  private static final GroupSight READY = standby("hast1", 0);
  private static final GroupSight OTHER = serving("hast2", 100);

  private FailbackRule rule = new FailbackRule(true, 60 * SECOND);
  private long now = 1_000 * SECOND;

  /// The wish after so many seconds of the same.
  private Wish after(long seconds, GroupSight own, @Nullable GroupSight peer) {
    for (long passed = 0; passed < seconds; passed += 2) {
      var _ = rule.look(now, own, peer);
      now += 2 * SECOND;
    }
    return rule.look(now, own, peer);
  }

  @Test
  void thePoolIsWantedWhenTheNodeHasBeenReadyForTheDelay() {
    assertThat(rule.look(now, READY, OTHER).text()).isEqualTo("in 60 s");
    assertThat(after(18, READY, OTHER).text()).isEqualTo("in 42 s");
    assertThat(after(40, READY, OTHER).wanted()).isFalse();
    assertThat(after(2, READY, OTHER)).isEqualTo(new Wish(true, true, 0, ""));
  }

  @Test
  void whateverStandsAgainstTheNodeBeginsTheDelayAnew() {
    after(58, READY, OTHER);
    var wish = after(2, standby("hast1", 0, "service web failed here: no page"), OTHER);
    assertThat(wish.text()).isEqualTo("not wanted, because service web failed here: no page");
    assertThat(after(0, READY, OTHER).text()).isEqualTo("in 60 s");
  }

  @Test
  void aNodeThatIsNoStandbyYetWantsNothing() {
    var starting = new GroupSight("hast1", 0, false, false, List.of(), false, "");
    assertThat(after(120, starting, OTHER).text())
        .isEqualTo("not wanted, because this node is no standby yet");
  }

  @Test
  void nothingIsWantedFromANodeThatIsPreferredOrDoesNotServeOrIsNotHeard() {
    assertThat(after(120, standby("hast1", 100), serving("hast2", 100))).isEqualTo(Wish.NONE);
    assertThat(after(120, READY, standby("hast2", 100))).isEqualTo(Wish.NONE);
    assertThat(after(120, READY, null)).isEqualTo(Wish.NONE);
    assertThat(after(120, serving("hast1", 0), standby("hast2", 100)).text()).isEmpty();
  }

  @Test
  void whoDidNotLookForAWhileKnowsNothingOfThatTime() {
    after(58, READY, OTHER);
    now += 9 * SECOND;
    assertThat(rule.look(now, READY, OTHER).text()).isEqualTo("in 60 s");
  }

  @Test
  void withoutADelayItIsWantedAtOnceAndWithoutPreemptNever() {
    rule = new FailbackRule(true, 0);
    assertThat(rule.look(now, READY, OTHER).wanted()).isTrue();
    rule = new FailbackRule(false, 0);
    assertThat(after(600, READY, OTHER)).isEqualTo(Wish.NONE);
  }

  @Test
  void theOtherNodesRefusalIsShown() {
    var refuses = OTHER.with(false, "another command is being carried out");
    assertThat(after(60, READY, refuses).text())
        .isEqualTo("wanted, and refused, because hast2: another command is being carried out");
  }
}
