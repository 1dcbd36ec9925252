package carpool.orchestrator.peernode;

import carpool.orchestrator.control.Node.GroupMoves;
import carpool.orchestrator.core.AgreedSwitchoverRule;
import carpool.orchestrator.core.AgreedSwitchoverRule.Attempt;
import carpool.orchestrator.core.AgreedSwitchoverRule.Decision;
import carpool.orchestrator.core.AgreedSwitchoverRule.Kind;
import carpool.orchestrator.core.AgreedSwitchoverRule.Own;
import carpool.orchestrator.core.FailbackRule;
import carpool.orchestrator.core.FailbackRule.Wish;
import carpool.orchestrator.core.GroupSight;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the two nodes agree on for one election group: the rules with what they said last. Any
/// thread.
final class GroupAgreement {
  private final String group;
  private final FailbackRule failback;
  private final AgreedSwitchoverRule switchover;
  private Wish wish = Wish.NONE;
  private Decision decision = Decision.NOTHING;
  private String refused = "";
  private @Nullable GroupSight peer;
  private boolean underway;

  GroupAgreement(String group, FailbackRule failback, AgreedSwitchoverRule switchover) {
    this.group = group;
    this.failback = failback;
    this.switchover = switchover;
  }

  String group() {
    return group;
  }

  /// What follows from both nodes as they are now; a move is told once until it is over.
  synchronized Decision look(long now, Own own, @Nullable GroupSight other) {
    peer = other;
    wish = failback.look(now, own.sight(), other);
    if (underway) {
      return Decision.NOTHING;
    }
    decision = switchover.look(now, own, other);
    refused = decision.refusal();
    underway = decision.move() != null;
    return decision;
  }

  /// The move was not begun after all; it is looked at again.
  synchronized void refused(String why) {
    refused = why;
    underway = false;
  }

  synchronized List<Attempt> begun(Kind kind, long now) {
    switchover.begun(kind, now);
    return switchover.attempts();
  }

  synchronized List<Attempt> ended(Kind kind, String problem) {
    underway = false;
    switchover.ended(kind, problem);
    return switchover.attempts();
  }

  synchronized void forget() {
    switchover.forget();
  }

  synchronized GroupMoves moves(GroupSight own) {
    return new GroupMoves(
        group, own.with(wish.wanted(), refused), peer, wish, decision.cause(), refused);
  }
}
