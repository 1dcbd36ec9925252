package carpool.replicator.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import carpool.replicator.core.Agreement.Fenced;
import carpool.replicator.core.Agreement.Refused;
import carpool.replicator.core.Agreement.Source;
import carpool.replicator.core.Agreement.Target;
import carpool.replicator.core.Agreement.Waiting;
import carpool.replicator.core.GenerationCounters.Decision;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NegotiationTest {
  private static final long PAIR = 42;

  private static Hello hello(
      String node, Role role, DiskState disk, long generation, boolean alone, Long... history) {
    return new Hello(
        node,
        role,
        0,
        false,
        disk,
        new Identity(PAIR, 0, 0, generation, alone, List.of(history)),
        1 << 20,
        7,
        false,
        new BlockSet(16));
  }

  /// A disk that was created anew joins a pair that is older than its history, or was hastd's.
  @ParameterizedTest
  @CsvSource({"90", "1"})
  void copyThatWasNeverWrittenIsFilledByWhateverThePeerHas(long generation) {
    var blank =
        new Hello(
            "b",
            Role.SECONDARY,
            0,
            false,
            DiskState.CONSISTENT,
            Identity.FRESH,
            1 << 20,
            7,
            false,
            new BlockSet(16));
    for (var role : new Role[] {Role.PRIMARY, Role.SECONDARY}) {
      var peer =
          generation == 1
              ? hello("a", role, DiskState.CONSISTENT, 1, false)
              : hello("a", role, DiskState.CONSISTENT, generation, false, 80L, 70L);

      assertEquals(new Source(true, PAIR), Negotiation.decide(peer, blank));
      assertEquals(new Target(true, PAIR), Negotiation.decide(blank, peer));
    }
  }

  /// Whichever has the lower name, the one that was promoted later goes on.
  @ParameterizedTest
  @CsvSource({"a, 5, b, 900", "b, 5, a, 900"})
  void ofTwoPrimariesOfOneGenerationTheOneThatWasPromotedEarlierGivesUp(
      String later, int laterTicks, String earlier, int earlierTicks) {
    var goesOn = primary(later, laterTicks);
    var givesUp = primary(earlier, earlierTicks);

    assertEquals(
        new Agreement.Refused(RefusalReason.BOTH_PRIMARY), Negotiation.decide(goesOn, givesUp));
    assertEquals(
        new Agreement.Fenced(RefusalReason.BOTH_PRIMARY), Negotiation.decide(givesUp, goesOn));
  }

  private static Hello primary(String node, int ticks) {
    var identity = new Identity(PAIR, 0, 0, 50, false, List.of(40L));
    return new Hello(
        node,
        Role.PRIMARY,
        ticks,
        false,
        DiskState.UP_TO_DATE,
        identity,
        1 << 20,
        7,
        false,
        new BlockSet(16));
  }

  /// hast.md section 11, test case 7: (S.l,S.r | P.l,P.r).
  @ParameterizedTest
  @CsvSource({
    "3,3,2,2,FULL_FROM_SECONDARY",
    "3,3,2,3,FULL_FROM_PRIMARY",
    "3,3,2,4,FULL_FROM_PRIMARY",
    "3,3,3,2,DIRTY_FROM_SECONDARY",
    "3,3,3,3,DIRTY_FROM_PRIMARY",
    "3,3,3,4,FULL_FROM_PRIMARY",
    "3,3,4,2,SPLIT_BRAIN",
    "3,3,4,3,DIRTY_FROM_PRIMARY",
    "3,3,4,4,FULL_FROM_PRIMARY"
  })
  void countersDecideAsInTheOriginal(
      long secondaryLocal,
      long secondaryRemote,
      long primaryLocal,
      long primaryRemote,
      Decision d) {
    assertEquals(
        d, GenerationCounters.decide(secondaryLocal, secondaryRemote, primaryLocal, primaryRemote));
  }

  /// hast.md section 11, test case 10: the original overwrites one side silently.
  @Test
  void twoSidesThatWroteApartAreASplitBrainWhicheverIsPrimary() {
    for (var roles :
        List.of(
            List.of(Role.PRIMARY, Role.SECONDARY),
            List.of(Role.SECONDARY, Role.PRIMARY),
            List.of(Role.SECONDARY, Role.SECONDARY))) {
      var a = hello("a", roles.get(0), DiskState.UP_TO_DATE, 100, true, 50L);
      var b = hello("b", roles.get(1), DiskState.CONSISTENT, 200, true, 50L);

      assertEquals(new Refused(RefusalReason.SPLIT_BRAIN), Negotiation.decide(a, b));
      assertEquals(new Refused(RefusalReason.SPLIT_BRAIN), Negotiation.decide(b, a));
    }
  }

  @Test
  void sideThatWroteNothingIsNoPartyToASplitBrain() {
    var wrote = hello("a", Role.PRIMARY, DiskState.UP_TO_DATE, 100, true, 50L);
    var idle = hello("b", Role.PRIMARY, DiskState.UP_TO_DATE, 50, false);

    assertEquals(new Refused(RefusalReason.PEER_OUTDATED_PRIMARY), Negotiation.decide(wrote, idle));
    assertEquals(new Fenced(RefusalReason.OUTDATED_PRIMARY), Negotiation.decide(idle, wrote));
  }

  @Test
  void oneGenerationApartCopiesWhatIsKnownToDiffer() {
    var newer = hello("a", Role.SECONDARY, DiskState.UP_TO_DATE, 100, true, 50L);
    var older = hello("b", Role.SECONDARY, DiskState.CONSISTENT, 50, false);

    assertEquals(new Source(false, PAIR), Negotiation.decide(newer, older));
    assertEquals(new Target(false, PAIR), Negotiation.decide(older, newer));
  }

  @Test
  void twoGenerationsApartCopiesEverything() {
    var newer = hello("a", Role.PRIMARY, DiskState.UP_TO_DATE, 100, true, 70L, 50L);
    var older = hello("b", Role.SECONDARY, DiskState.CONSISTENT, 50, false);

    assertEquals(new Source(true, PAIR), Negotiation.decide(newer, older));
  }

  @Test
  void copyThatLivedOnBeatsTheOneThatCrashed() {
    var alive = hello("b", Role.SECONDARY, DiskState.UP_TO_DATE, 50, false);
    var crashed = hello("a", Role.SECONDARY, DiskState.CONSISTENT, 50, false);

    assertEquals(new Source(false, PAIR), Negotiation.decide(alive, crashed));
    assertEquals(new Target(false, PAIR), Negotiation.decide(crashed, alive));
  }

  @Test
  void pairOfTwoSizesOrOfTwoPairsDoesNotMeet() {
    var identity = new Identity(PAIR, 0, 0, 50, false, List.of());
    var small = of("a", identity, Role.SECONDARY, DiskState.UP_TO_DATE);
    var large =
        new Hello(
            "b",
            Role.SECONDARY,
            0,
            false,
            DiskState.UP_TO_DATE,
            identity,
            2 << 20,
            7,
            false,
            new BlockSet(32));
    assertEquals(new Refused(RefusalReason.SIZE_DIFFERS), Negotiation.decide(small, large));
    assertEquals(new Refused(RefusalReason.SIZE_DIFFERS), Negotiation.decide(large, small));

    var other = of("b", identity.withResuid(PAIR + 1), Role.SECONDARY, DiskState.UP_TO_DATE);
    assertEquals(new Refused(RefusalReason.RESUID_DIFFERS), Negotiation.decide(small, other));
    assertEquals(new Refused(RefusalReason.RESUID_DIFFERS), Negotiation.decide(other, small));
  }

  /// Both maps together cover what changed only when both sides left the same generation.
  @ParameterizedTest
  @CsvSource({"50, 50, false", "50, 40, true"})
  void afterASplitBrainAllIsCopiedUnlessBothLeftTheSameGeneration(
      long myPast, long hisPast, boolean full) {
    var survivor = hello("a", Role.SECONDARY, DiskState.UP_TO_DATE, 100, true, myPast, 30L);
    var loser = yielding(hello("b", Role.SECONDARY, DiskState.UP_TO_DATE, 200, true, hisPast, 30L));

    assertEquals(new Source(full, PAIR), Negotiation.decide(survivor, loser));
    assertEquals(new Target(full, PAIR), Negotiation.decide(loser, survivor));
  }

  private static Hello yielding(Hello hello) {
    return new Hello(
        hello.nodeName(),
        hello.role(),
        hello.primaryTicks(),
        hello.wasPrimary(),
        hello.disk(),
        hello.identity(),
        hello.dataSizeBytes(),
        hello.proposedResuid(),
        true,
        hello.different());
  }

  @Test
  void equalsWaitForAPromotion() {
    var a = hello("a", Role.SECONDARY, DiskState.UP_TO_DATE, 50, false);
    var b = hello("b", Role.SECONDARY, DiskState.UP_TO_DATE, 50, false);

    assertEquals(new Waiting(false, PAIR), Negotiation.decide(a, b));
  }

  @Test
  void newGenerationWithAHalfSynchronisedCopyIsNoSource() {
    var torn = hello("a", Role.SECONDARY, DiskState.INCONSISTENT, 50, false);
    var alsoTorn = hello("b", Role.SECONDARY, DiskState.INCONSISTENT, 50, false);

    assertEquals(new Refused(RefusalReason.NO_USABLE_COPY), Negotiation.decide(torn, alsoTorn));
  }

  /// Every combination of small identities, roles and disk states: both halves fit together, a
  /// primary is never a target, and nothing is copied over a copy that was written alone.
  @Test
  void bothHalvesOfEveryAgreementFit() {
    var identities = new ArrayList<Identity>();
    for (long generation : new long[] {0, 5, 6, 7}) {
      for (var history : List.of(List.<Long>of(), List.of(0L), List.of(5L, 0L), List.of(6L, 5L))) {
        if (!history.contains(generation)) {
          identities.add(new Identity(PAIR, 0, 0, generation, !history.isEmpty(), history));
        }
      }
    }
    int cases = 0;
    for (var first : identities) {
      for (var second : identities) {
        for (var firstRole : Role.values()) {
          for (var secondRole : Role.values()) {
            for (var firstDisk : DiskState.values()) {
              for (var secondDisk : DiskState.values()) {
                check(
                    of("a", first, firstRole, firstDisk), of("b", second, secondRole, secondDisk));
                cases++;
              }
            }
          }
        }
      }
    }
    assertEquals(11 * 11 * 9 * 36, cases);
  }

  private static Hello of(String node, Identity identity, Role role, DiskState disk) {
    return new Hello(node, role, 0, false, disk, identity, 1 << 20, 7, false, new BlockSet(16));
  }

  private static void check(Hello a, Hello b) {
    var mine = Negotiation.decide(a, b);
    var his = Negotiation.decide(b, a);
    switch (mine) {
      case Source(boolean full, long resuid) -> {
        assertEquals(new Target(full, resuid), his);
        checkOverwritten(a, b);
      }
      case Target(boolean full, long resuid) -> assertEquals(new Source(full, resuid), his);
      case Waiting waiting -> assertEquals(waiting, his);
      case Refused _, Fenced _ -> {
        if (!(his instanceof Refused) && !(his instanceof Fenced)) {
          throw new AssertionError(a + " against " + b + ": " + mine + ", " + his);
        }
      }
    }
  }

  private static void checkOverwritten(Hello source, Hello target) {
    if (target.role() == Role.PRIMARY) {
      throw new AssertionError("a primary is overwritten: " + target);
    }
    if (source.disk() == DiskState.INCONSISTENT) {
      throw new AssertionError("a torn copy is the source: " + source);
    }
    if (!source.identity().continues(target.identity())) {
      throw new AssertionError(target + " is overwritten by " + source);
    }
  }
}
