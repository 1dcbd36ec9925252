package carpool.replicator.core;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.Agreement.Fenced;
import carpool.replicator.core.Agreement.Refused;
import carpool.replicator.core.Agreement.Source;
import carpool.replicator.core.Agreement.Target;
import carpool.replicator.core.Agreement.Waiting;
import carpool.replicator.core.GenerationCounters.Decision;
import carpool.replicator.core.PromotionRule.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Disks of a pair that hastd made: which copy is the newer one does not depend on who is primary
/// first.
final class HastGenerationsTest {
  private static final int COUNTERS = 4;

  private static Hello hello(String node, Role role, long local, long remote) {
    var identity = new Identity(77, local, remote, Identity.HAST_GENERATION, false, List.of());
    return new Hello(
        node,
        role,
        0,
        false,
        DiskState.CONSISTENT,
        identity.ofHast(node.equals("a")),
        1 << 20,
        7,
        false,
        new BlockSet(16));
  }

  private static Decision original(
      boolean aIsPrimary, long aLocal, long aRemote, long bLocal, long bRemote) {
    return aIsPrimary
        ? GenerationCounters.decide(bLocal, bRemote, aLocal, aRemote)
        : GenerationCounters.decide(aLocal, aRemote, bLocal, bRemote);
  }

  /// +1: from a, -1: from b, 0: split brain.
  private static int direction(Decision decision, boolean aIsPrimary) {
    return switch (decision) {
      case DIRTY_FROM_PRIMARY, FULL_FROM_PRIMARY -> aIsPrimary ? 1 : -1;
      case DIRTY_FROM_SECONDARY, FULL_FROM_SECONDARY -> aIsPrimary ? -1 : 1;
      case SPLIT_BRAIN -> 0;
    };
  }

  private static boolean full(Decision decision) {
    return decision == Decision.FULL_FROM_PRIMARY || decision == Decision.FULL_FROM_SECONDARY;
  }

  /// All counters × who is primary when they meet. Wherever the original's verdict is the same
  /// whoever is primary, it is this one; and in no case do roles change who is overwritten.
  @Test
  void verdictIsThatOfTheCountersWhoeverIsPrimary() {
    for (long al = 0; al < COUNTERS; al++) {
      for (long ar = 0; ar < COUNTERS; ar++) {
        for (long bl = 0; bl < COUNTERS; bl++) {
          for (long br = 0; br < COUNTERS; br++) {
            check(al, ar, bl, br);
          }
        }
      }
    }
  }

  private static void check(long al, long ar, long bl, long br) {
    var name = "a %d/%d, b %d/%d".formatted(al, ar, bl, br);
    var both =
        Negotiation.decide(hello("a", Role.SECONDARY, al, ar), hello("b", Role.SECONDARY, bl, br));
    var aPrimary =
        Negotiation.decide(hello("a", Role.PRIMARY, al, ar), hello("b", Role.SECONDARY, bl, br));
    var bPrimary =
        Negotiation.decide(hello("a", Role.SECONDARY, al, ar), hello("b", Role.PRIMARY, bl, br));
    var whenA = original(true, al, ar, bl, br);
    var whenB = original(false, al, ar, bl, br);
    int fromA = direction(whenA, true);
    if (al == br && bl == ar) {
      assertThat(both).as(name).isEqualTo(new Waiting(false, 77));
      assertThat(aPrimary).as(name).isEqualTo(new Source(false, 77));
      assertThat(bPrimary).as(name).isEqualTo(new Target(false, 77));
    } else if (whenA == Decision.SPLIT_BRAIN || (al < br && bl < ar)) {
      for (var each : List.of(both, aPrimary, bPrimary)) {
        assertThat(each).as(name).isEqualTo(new Refused(RefusalReason.SPLIT_BRAIN));
      }
    } else if (fromA == direction(whenB, false)) {
      boolean all = full(whenA);
      assertThat(full(whenB)).as(name).isEqualTo(all);
      assertThat(both).as(name).isEqualTo(fromA > 0 ? new Source(all, 77) : new Target(all, 77));
      olderPrimaryIsFenced(name, fromA, all, aPrimary, bPrimary);
    } else {
      // A counter went back on one side: the original copies from the primary.
      int newer = bl < ar ? 1 : -1;
      assertThat(both).as(name).isEqualTo(newer > 0 ? new Source(true, 77) : new Target(true, 77));
      olderPrimaryIsFenced(name, newer, true, aPrimary, bPrimary);
    }
  }

  private static void olderPrimaryIsFenced(
      String name, int fromA, boolean full, Agreement aPrimary, Agreement bPrimary) {
    if (fromA > 0) {
      assertThat(aPrimary).as(name).isEqualTo(new Source(full, 77));
      assertThat(bPrimary).as(name).isEqualTo(new Refused(RefusalReason.PEER_OUTDATED_PRIMARY));
    } else {
      assertThat(aPrimary).as(name).isEqualTo(new Fenced(RefusalReason.OUTDATED_PRIMARY));
      assertThat(bPrimary).as(name).isEqualTo(new Target(full, 77));
    }
  }

  @Test
  void drawnGenerationIsNeverTakenForCounters() {
    long tagged = HastGenerations.of(3, 4, true);
    assertThat(HastGenerations.isHast(tagged)).isTrue();
    assertThat(
            HastGenerations.isHast(
                new Identity(1, 0, 0, tagged, false, List.of()).unfinished().generation()))
        .isFalse();
  }

  /// A 2/1 with a dirty extent, B 1/1: the ordinary order of starts, then either is promoted.
  @ParameterizedTest
  @ValueSource(strings = {"a", "b"})
  void newerCopyIsKeptWhoeverIsPromotedFirst(String promoted) {
    var pair = new CorePair(ReplicationMode.FULLSYNC);
    pair.a.startOnHastDisk(2, 1, 222, 0);
    pair.b.startOnHastDisk(1, 1, 222);
    java.util.Arrays.fill(pair.b.data, 0, CorePair.EXTENT / CorePair.UNIT, 111);

    pair.connect();
    pair.promote(promoted.equals("a") ? pair.a : pair.b);
    pair.settle();

    assertThat(pair.a.data).containsOnly(222);
    assertThat(pair.b.data).containsOnly(222);
    assertThat(pair.a.core().complete()).isTrue();
  }

  /// Promoted by force before it has met the newer copy: nobody is overwritten.
  @Test
  void olderCopyThatWasForcedMeetsTheNewerOneAsASplitBrain() {
    var pair = new CorePair(ReplicationMode.FULLSYNC);
    pair.a.startOnHastDisk(2, 1, 222, 0);
    pair.b.startOnHastDisk(1, 1, 111);
    assertThat(pair.promote(pair.b)).isEqualTo(Verdict.CURRENCY_UNKNOWN);
    assertThat(pair.force(pair.b)).isEqualTo(Verdict.ALLOWED);

    pair.connect();

    assertThat(pair.a.core().splitBrain()).isTrue();
    assertThat(pair.b.core().splitBrain()).isTrue();
    assertThat(pair.a.data).containsOnly(222);
  }

  @ParameterizedTest
  @CsvSource({"2, 1, 2, 1", "3, 0, 1, 1"})
  void countersThatMeanSplitBrainStopPromotionAndSession(
      long aLocal, long aRemote, long bLocal, long bRemote) {
    var pair = new CorePair(ReplicationMode.FULLSYNC);
    pair.a.startOnHastDisk(aLocal, aRemote, 222, 0);
    pair.b.startOnHastDisk(bLocal, bRemote, 111, 1);

    pair.connect();

    for (var node : List.of(pair.a, pair.b)) {
      assertThat(node.core().splitBrain()).isTrue();
      assertThat(node.core().refusal()).isEqualTo(RefusalReason.SPLIT_BRAIN);
      assertThat(pair.promote(node)).isEqualTo(Verdict.SPLIT_BRAIN);
    }
    assertThat(pair.a.data).containsOnly(222);
    assertThat(pair.b.data).containsOnly(111);
  }

  /// A pair made by hastd, written by carpool, apart and together again.
  @ParameterizedTest
  @EnumSource(ReplicationMode.class)
  void pairOfHastdGoesOnLikeAnyOther(ReplicationMode mode) {
    var pair = new CorePair(mode);
    pair.a.startOnHastDisk(1, 0, 5);
    pair.b.startOnHastDisk(0, 1, 5);
    pair.connect();
    assertThat(pair.promote(pair.a)).isEqualTo(Verdict.ALLOWED);
    pair.a.write(3, 30);
    pair.settle();
    pair.cut();
    pair.a.write(4, 40);
    pair.settle();
    pair.connect();

    assertThat(pair.a.core().complete()).isTrue();
    assertThat(pair.equal()).isTrue();
  }
}
