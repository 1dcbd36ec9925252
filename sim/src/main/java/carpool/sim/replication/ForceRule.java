package carpool.sim.replication;

import carpool.replicator.core.Identity;
import carpool.sim.Violation;

/// The rule of promotions by force: a copy that continues a forced promotion never becomes the
/// source of a copy that does not, until an operator has named the survivor. Checked after every
/// step, so that nothing can be overwritten between two checks.
///
/// Not protected are a copy that was never written (generation 0) and a copy that an operator gave
/// up.
final class ForceRule {
  /// The node that was promoted by force; -1: none.
  private int forced = -1;

  /// The order to this node is not carried out yet.
  private boolean ordered;

  private long generationBefore;

  /// The generation that the forced promotion began; 0: none.
  private long generation;

  /// Whose copy an operator gave up, in this life of its process; both, when the order to one was
  /// not carried out yet while the other one got it.
  private final boolean[] givenUp = {false, false};

  /// The node that an operator would give up; -1: no preference.
  int forced() {
    return forced;
  }

  /// An operator orders the promotion.
  void order(SimNode node) {
    forced = node.index;
    ordered = true;
    generationBefore = node.running().identity().generation();
  }

  /// The node has become primary in this step.
  void promoted(SimNode node) {
    givenUp[node.index] = false;
    if (!ordered || forced != node.index) {
      return;
    }
    ordered = false;
    long now = node.running().identity().generation();
    if (now != generationBefore) {
      generation = now;
    } else if (generation == 0) {
      forced = -1; // nothing was overridden: an ordinary promotion
    }
  }

  /// The order ended without a promotion, or this life of the node ended.
  void orderEnded(SimNode node) {
    if (forced == node.index && ordered) {
      ordered = false;
      if (generation == 0) {
        forced = -1;
      }
    }
  }

  void crashed(SimNode node) {
    orderEnded(node);
    givenUp[node.index] = false;
  }

  /// An operator names the survivor. A forced copy that is to be given up stays under the rule.
  void named(SimNode survivor) {
    if (survivor.index == forced) {
      end();
    }
    givenUp[survivor.index] = false;
  }

  /// The node knows that its copy is given up.
  void givenUp(SimNode node) {
    givenUp[node.index] = true;
  }

  /// Both copies are equal and durable.
  void inStep() {
    end();
    givenUp[0] = false;
    givenUp[1] = false;
  }

  private void end() {
    forced = -1;
    ordered = false;
    generation = 0;
  }

  /// Checks the rule.
  void check(SimNode[] nodes) {
    if (generation == 0) {
      return;
    }
    checkPair(nodes[0], nodes[1]);
    checkPair(nodes[1], nodes[0]);
    if (!ordered && continuesForced(nodes[1 - forced].disk.identity())) {
      end(); // it is a copy of the forced one now: nothing else is left to protect
    }
  }

  private void checkPair(SimNode source, SimNode target) {
    if (source.alive()
        && target.alive()
        && source.running().phase().source()
        && target.running().phase().target()
        && continuesForced(source.running().identity())
        && target.disk.generation() != 0
        && !continuesForced(target.disk.identity())
        && !givenUp[target.index]) {
      throw new Violation(
          "force",
          "a copy that was forced overwrites the other: " + source.core + " " + target.core);
    }
  }

  private boolean continuesForced(Identity identity) {
    return identity.generation() == generation
        || identity.generation() == ~generation // unfinished
        || identity.history().contains(generation);
  }
}
