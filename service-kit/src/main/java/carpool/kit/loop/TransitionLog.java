package carpool.kit.loop;

import org.slf4j.Logger;

/// The one line per state change from which a run can be replayed: `resource=tank event=LinkLost
/// state=CONNECTED→DEGRADED effects=3`.
public final class TransitionLog {
  private final Logger logger;
  private final String subjectKind;
  private final String subject;

  /// Lines for one core: `subjectKind` is a word like `resource`, `subject` its name.
  public TransitionLog(Logger logger, String subjectKind, String subject) {
    this.logger = logger;
    this.subjectKind = subjectKind;
    this.subject = subject;
  }

  /// Notes one step: at INFO when the state changed, else at DEBUG.
  public void step(Object event, Object before, Object after, int effects) {
    var changed = !before.equals(after);
    if (changed || logger.isDebugEnabled()) {
      logger
          .atLevel(changed ? org.slf4j.event.Level.INFO : org.slf4j.event.Level.DEBUG)
          .addKeyValue(subjectKind, subject)
          .addKeyValue("event", event)
          .addKeyValue("state", changed ? before + "→" + after : before)
          .addKeyValue("effects", effects)
          .log("transition");
    }
  }
}
