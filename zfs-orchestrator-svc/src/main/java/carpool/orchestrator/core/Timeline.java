package carpool.orchestrator.core;

import carpool.orchestrator.core.StepRecord.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The passage being made, if any, step by step.
final class Timeline {
  private static final int STEPS_MAX = 64;

  private final Consumer<PoolEffect> out;

  /// Means something while `open`, as the cause does.
  private PassageKind kind = PassageKind.TAKEOVER;

  private String cause = "";
  private long startedNanos;
  private boolean open;
  private final List<StepRecord> steps = new ArrayList<>();

  Timeline(Consumer<PoolEffect> out) {
    this.out = out;
  }

  void open(PassageKind newKind, String newCause, long now) {
    if (open) {
      close("superseded by " + newKind.word() + ": " + newCause, now);
    }
    kind = newKind;
    cause = newCause;
    startedNanos = now;
    steps.clear();
    open = true;
  }

  /// The open passage turned out to be another one.
  void rename(PassageKind newKind, String newCause) {
    kind = newKind;
    cause = newCause;
  }

  boolean isOpen() {
    return open;
  }

  /// This step is under way.
  boolean waitsFor(String name) {
    var last = last();
    return open && last != null && last.name().equals(name) && last.outcome() == Outcome.RUNNING;
  }

  /// A step begins, or is tried once more.
  void begin(String name, long now) {
    if (!open) {
      return;
    }
    var last = last();
    if (last != null && last.name().equals(name)) {
      replaceLast(
          new StepRecord(
              name,
              last.startedNanos(),
              now - last.startedNanos(),
              Outcome.RUNNING,
              last.text(),
              last.outcome() == Outcome.RUNNING ? last.attempts() : last.attempts() + 1));
    } else if (steps.size() < STEPS_MAX) {
      steps.add(new StepRecord(name, now, 0, Outcome.RUNNING, "", 1));
      note();
    }
  }

  void end(String name, Outcome outcome, String text, long now) {
    var last = last();
    if (!open || last == null || !last.name().equals(name)) {
      return;
    }
    replaceLast(
        new StepRecord(
            name, last.startedNanos(), now - last.startedNanos(), outcome, text, last.attempts()));
    note();
  }

  /// Ends the passage; one without any step is not worth telling.
  void close(String problem, long now) {
    if (!open) {
      return;
    }
    open = false;
    if (!steps.isEmpty()) {
      out.accept(
          new PoolEffect.PassageOver(
              new Passage(kind, cause, startedNanos, now, true, problem, List.copyOf(steps))));
    }
  }

  private @Nullable StepRecord last() {
    return steps.isEmpty() ? null : steps.getLast();
  }

  private void replaceLast(StepRecord step) {
    steps.set(steps.size() - 1, step);
  }

  private void note() {
    out.accept(new PoolEffect.StepNoted(steps.getLast()));
  }
}
