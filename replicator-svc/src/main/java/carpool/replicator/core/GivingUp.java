package carpool.replicator.core;

/// The node is about to give its role up to a peer that lives, and its orchestrator has said so. A
/// primary that loses its peer then does not go stand-alone: it would have the peer record that its
/// copy is outdated, or draw a generation that the peer does not have, in the very moment in which
/// the peer takes over. What cannot be answered is held until the nodes meet again, the role is
/// secondary, the word is taken back, or its time is over.
///
/// What async has answered and the peer does not have is more than the peer may lose: then the peer
/// is asked as ever ([GoingAlone#wantForAnswered]).
final class GivingUp {
  /// For how many ticks the word counts; an orchestrator that died holds nobody up for longer.
  private int ticksLeft;

  private final ReplicationCore core;
  private final CoreState state;

  GivingUp(ReplicationCore core) {
    this.core = core;
    state = core.state;
  }

  /// The orchestrator is about to give the role up. Said again, it counts anew.
  ///
  /// @param ticks for which it counts, at least 1
  void begin(int ticks) {
    if (state.role == Role.PRIMARY) {
      ticksLeft = Math.max(1, ticks);
    }
  }

  /// The node continues to serve: whoever waits for the peer asks it now.
  void withdraw() {
    if (ticksLeft > 0) {
      ticksLeft = 0;
      core.alone.resume();
      core.doubt.resume();
    }
  }

  /// The role is another.
  void forget() {
    ticksLeft = 0;
  }

  /// Nobody is asked for leave.
  boolean holds() {
    return ticksLeft > 0;
  }

  /// A second has passed.
  void tick() {
    if (ticksLeft == 1) {
      withdraw();
    } else if (ticksLeft > 1) {
      ticksLeft--;
    }
  }
}
