package carpool.replicator.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.RoleTransition.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@TestInstance(TestInstance.Lifecycle.PER_METHOD)
class RoleTransitionTest {
  private final List<String> transcript = new ArrayList<>();

  @Test
  void theExportAppearsWhenTheRoleIsDurableAndASuccessorWouldKnow() {
    var transition =
        new RoleTransition(Role.PRIMARY, PromotionMode.CHECKED, true, false, Role.SECONDARY);

    play(transition, _ -> transition.decided(Verdict.ALLOWED));

    assertEquals(
        List.of("Ask PRIMARY", "RememberPrimary", "ShowExport", "Answer ALLOWED"), transcript);
  }

  @Test
  void aResourceInRoleInitIsAttachedFirst() {
    var transition =
        new RoleTransition(Role.PRIMARY, PromotionMode.FORCED, false, false, Role.INIT);

    play(
        transition,
        ask -> {
          assertEquals(new Step.Ask(Role.PRIMARY, PromotionMode.FORCED), ask);
          transition.decided(Verdict.ALLOWED);
        });

    assertEquals(
        List.of("Attach", "Ask PRIMARY", "RememberPrimary", "ShowExport", "Answer ALLOWED"),
        transcript);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "ALLOWED")
  void aRefusedPromotionLeavesTheRoleAsItWas(Verdict refusal) {
    var attached =
        new RoleTransition(Role.PRIMARY, PromotionMode.CHECKED, true, false, Role.SECONDARY);
    play(attached, _ -> attached.decided(refusal));
    assertEquals(List.of("Ask PRIMARY", "Answer " + refusal), transcript);

    transcript.clear();
    var init = new RoleTransition(Role.PRIMARY, PromotionMode.CHECKED, false, false, Role.INIT);
    play(init, _ -> init.decided(refusal));
    assertEquals(List.of("Attach", "Ask PRIMARY", "Detach", "Answer " + refusal), transcript);
  }

  @Test
  void aProviderThatCannotBeAttachedIsTheAnswer() {
    for (var wanted : List.of(Role.PRIMARY, Role.SECONDARY)) {
      var transition = new RoleTransition(wanted, PromotionMode.CHECKED, false, false, Role.INIT);
      transition.failed("no metadata");
      assertEquals(new Step.Answer(Verdict.DISK_UNUSABLE, "no metadata"), transition.next());
    }
  }

  @Test
  void aPrimaryThatIsAskedAgainShowsNothingTwice() {
    var transition =
        new RoleTransition(Role.PRIMARY, PromotionMode.CHECKED, true, true, Role.PRIMARY);

    play(transition, _ -> transition.decided(Verdict.ALLOWED));

    assertEquals(List.of("Ask PRIMARY", "Answer ALLOWED"), transcript);
  }

  @Test
  void aPromotionThatIsNotDecidedInTimeIsWithdrawn() {
    var attached =
        new RoleTransition(Role.PRIMARY, PromotionMode.CHECKED, true, false, Role.SECONDARY);
    play(attached, _ -> attached.notInTime());
    assertEquals(List.of("Ask PRIMARY", "Withdraw", "Unanswered PRIMARY"), transcript);

    transcript.clear();
    var init = new RoleTransition(Role.PRIMARY, PromotionMode.CHECKED, false, false, Role.INIT);
    play(init, _ -> init.notInTime());
    assertEquals(
        List.of("Attach", "Ask PRIMARY", "Withdraw", "Detach", "Unanswered PRIMARY"), transcript);
  }

  @Test
  void theWayBackAsksTheCoreWhenNobodyCanWrite() {
    var transition =
        new RoleTransition(Role.SECONDARY, PromotionMode.CHECKED, true, true, Role.PRIMARY);

    play(transition, _ -> transition.decided(Verdict.ALLOWED));

    assertEquals(
        List.of(
            "ForgetPrimary", "HideDevice", "Drain", "EndExport", "Ask SECONDARY", "Answer ALLOWED"),
        transcript);
  }

  @Test
  void clientsThatDoNotEndAreCutOffBeforeTheCoreIsAsked() {
    var transition = new RoleTransition(Role.INIT, PromotionMode.CHECKED, true, true, Role.PRIMARY);

    transition.done();
    transition.failed("umount hangs");
    transition.failed("clients were cut off");
    play(transition, _ -> transition.decided(Verdict.ALLOWED));

    assertEquals(
        List.of("CutOff", "EndExport", "Ask INIT", "Detach", "Answer ALLOWED"), transcript);
    assertEquals(
        new Step.Answer(Verdict.ALLOWED, "device: umount hangs; clients were cut off"),
        transition.next());
  }

  @Test
  void aSecondaryThatIsAskedAgainIsNotAskedOfTheCore() {
    var transition =
        new RoleTransition(Role.SECONDARY, PromotionMode.CHECKED, true, false, Role.SECONDARY);

    play(transition, _ -> {});

    assertEquals(List.of("ForgetPrimary", "HideDevice", "Answer ALLOWED"), transcript);
  }

  @Test
  void wordForASuccessorThatCannotBeLeftIsSaidAndNoReasonToServeNothing() {
    var transition =
        new RoleTransition(Role.PRIMARY, PromotionMode.CHECKED, true, false, Role.SECONDARY);

    transition.decided(Verdict.ALLOWED);
    transition.failed("no space left");
    assertEquals(new Step.ShowExport(), transition.next());
    transition.done();

    assertEquals(
        new Step.Answer(
            Verdict.ALLOWED, "a restart of this service will not resume the role: no space left"),
        transition.next());
  }

  @Test
  void anEventThatAnswersNoStepIsADefect() {
    var transition =
        new RoleTransition(Role.PRIMARY, PromotionMode.CHECKED, true, false, Role.SECONDARY);

    assertThrows(IllegalStateException.class, transition::done);
    assertThrows(IllegalStateException.class, () -> transition.failed("?"));
    transition.decided(Verdict.ALLOWED);
    assertThrows(IllegalStateException.class, () -> transition.decided(Verdict.ALLOWED));
    assertThrows(IllegalStateException.class, transition::notInTime);
  }

  /// Carries out every step without trouble; `core` answers what is asked of it.
  private void play(RoleTransition transition, Consumer<Step.Ask> core) {
    while (true) {
      var step = transition.next();
      switch (step) {
        case Step.Ask ask -> {
          transcript.add("Ask " + ask.role());
          core.accept(ask);
        }
        case Step.Answer answer -> {
          transcript.add("Answer " + answer.verdict());
          return;
        }
        case Step.Unanswered unanswered -> {
          transcript.add("Unanswered " + unanswered.role());
          return;
        }
        default -> {
          transcript.add(step.getClass().getSimpleName());
          transition.done();
        }
      }
    }
  }
}
