package carpool.replicator.core;

import carpool.replicator.core.PromotionRule.Verdict;
import org.jspecify.annotations.Nullable;

/// One request for a role, as steps that the caller carries out one after the other: it asks for
/// [#next], carries the step out, and says what came of it with one of the events. No clock and no
/// I/O.
///
/// The order is the rule. The export appears only when the role is durable and a successor of this
/// process would know of it; on the way back a successor must not take the role again before the
/// device goes, and the core is asked last, when nobody can write any more. A refused promotion
/// leaves the role as it was.
public final class RoleTransition {
  /// What to do next.
  public sealed interface Step {
    /// Attach the provider as secondary; answered by [#done] or [#failed].
    record Attach() implements Step {}

    /// Ask the core for a role; answered by [#decided] or [#notInTime].
    record Ask(Role role, PromotionMode mode) implements Step {}

    /// The core forgets a promotion that was not decided in time, and gives the role up should it
    /// have it by then; nobody waits for that. Answered by [#done].
    record Withdraw() implements Step {}

    /// Leave word for the process after this one; answered by [#done] or [#failed].
    record RememberPrimary() implements Step {}

    /// Serve the export and have the device made; answered by [#done].
    record ShowExport() implements Step {}

    /// Take the word for a successor back; answered by [#done].
    record ForgetPrimary() implements Step {}

    /// Have the device removed and wait for that; answered by [#done] or [#failed].
    record HideDevice() implements Step {}

    /// Admit no more clients and wait until those that are here have their answers; answered by
    /// [#done] or [#failed].
    record Drain() implements Step {}

    /// End the clients' connections; their requests fail. Answered by [#done].
    record CutOff() implements Step {}

    /// The export is gone. Answered by [#done].
    record EndExport() implements Step {}

    /// Let go of the provider; answered by [#done] or [#failed].
    record Detach() implements Step {}

    /// The request is answered.
    ///
    /// @param verdict ALLOWED when the role is in force
    /// @param problem what went wrong besides; empty when nothing
    record Answer(Verdict verdict, String problem) implements Step {}

    /// The core did not decide in time.
    record Unanswered(Role role) implements Step {}
  }

  private final Role wanted;
  private final PromotionMode mode;

  /// It was this request that attached the provider.
  private boolean attachedHere;

  private boolean attached;
  private boolean exported;
  private Role role;
  private String problem = "";
  private @Nullable Verdict refusal;
  private Step step;

  /// @param attached the provider is attached
  /// @param exported clients are served
  /// @param role the role in force; INIT when nothing is attached
  public RoleTransition(
      Role wanted, PromotionMode mode, boolean attached, boolean exported, Role role) {
    this.wanted = wanted;
    this.mode = mode;
    this.attached = attached;
    this.exported = exported;
    this.role = role;
    step =
        switch (wanted) {
          case PRIMARY -> attached ? new Step.Ask(Role.PRIMARY, mode) : new Step.Attach();
          case SECONDARY -> attached ? new Step.ForgetPrimary() : new Step.Attach();
          case INIT -> new Step.ForgetPrimary();
        };
  }

  /// What to do next; the last ones are [Step.Answer] and [Step.Unanswered].
  public Step next() {
    return step;
  }

  /// The step is done.
  public void done() {
    step =
        switch (step) {
          case Step.Attach _ -> {
            attached = true;
            attachedHere = true;
            role = Role.SECONDARY;
            yield wanted == Role.PRIMARY
                ? new Step.Ask(Role.PRIMARY, mode)
                : new Step.ForgetPrimary();
          }
          case Step.RememberPrimary _ -> new Step.ShowExport();
          case Step.ShowExport _ -> new Step.Answer(Verdict.ALLOWED, problem);
          case Step.ForgetPrimary _ -> new Step.HideDevice();
          case Step.HideDevice _ -> exported ? new Step.Drain() : withoutExport();
          case Step.Drain _, Step.CutOff _ -> new Step.EndExport();
          case Step.EndExport _ -> {
            exported = false;
            yield withoutExport();
          }
          case Step.Withdraw _ -> attachedHere ? new Step.Detach() : new Step.Unanswered(wanted);
          case Step.Detach _ -> detached();
          case Step.Ask _, Step.Answer _, Step.Unanswered _ -> throw unexpected("done");
        };
  }

  /// The step could not be done, or not in time.
  ///
  /// @param why for people
  public void failed(String why) {
    step =
        switch (step) {
          case Step.Attach _ -> new Step.Answer(Verdict.DISK_UNUSABLE, why);
          case Step.RememberPrimary _ -> {
            note("a restart of this service will not resume the role: " + why);
            yield new Step.ShowExport();
          }
          case Step.HideDevice _ -> {
            note("device: " + why);
            yield exported ? new Step.Drain() : withoutExport();
          }
          case Step.Drain _ -> {
            note(why);
            yield new Step.CutOff();
          }
          case Step.Detach _ -> {
            note(why);
            yield detached();
          }
          case Step.Ask _,
              Step.Withdraw _,
              Step.ShowExport _,
              Step.ForgetPrimary _,
              Step.CutOff _,
              Step.EndExport _,
              Step.Answer _,
              Step.Unanswered _ ->
              throw unexpected("failed");
        };
  }

  /// The core has decided.
  public void decided(Verdict verdict) {
    if (!(step instanceof Step.Ask)) {
      throw unexpected("decided");
    }
    boolean granted = verdict == Verdict.ALLOWED;
    step =
        switch (wanted) {
          case PRIMARY -> {
            if (granted) {
              yield exported ? new Step.Answer(verdict, problem) : new Step.RememberPrimary();
            }
            refusal = verdict;
            yield attachedHere ? new Step.Detach() : new Step.Answer(verdict, problem);
          }
          case SECONDARY -> new Step.Answer(verdict, problem);
          case INIT -> new Step.Detach();
        };
  }

  /// The core has not decided in the time that the caller grants.
  public void notInTime() {
    if (!(step instanceof Step.Ask)) {
      throw unexpected("notInTime");
    }
    step = wanted == Role.PRIMARY ? new Step.Withdraw() : new Step.Unanswered(wanted);
  }

  private Step withoutExport() {
    return switch (wanted) {
      case SECONDARY ->
          role == Role.SECONDARY
              ? new Step.Answer(Verdict.ALLOWED, problem)
              : new Step.Ask(Role.SECONDARY, PromotionMode.CHECKED);
      case INIT ->
          attached
              ? new Step.Ask(Role.INIT, PromotionMode.CHECKED)
              : new Step.Answer(Verdict.ALLOWED, problem);
      case PRIMARY -> throw unexpected("an export that ends");
    };
  }

  private Step detached() {
    if (wanted != Role.PRIMARY) {
      return new Step.Answer(Verdict.ALLOWED, problem);
    }
    return refusal == null ? new Step.Unanswered(wanted) : new Step.Answer(refusal, problem);
  }

  private void note(String what) {
    problem = problem.isEmpty() ? what : problem + "; " + what;
  }

  private IllegalStateException unexpected(String event) {
    return new IllegalStateException(event + " does not answer " + step);
  }
}
