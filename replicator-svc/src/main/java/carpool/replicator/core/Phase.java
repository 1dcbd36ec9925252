package carpool.replicator.core;

/// Where the session with the peer is. SOURCE phases are those of the side whose blocks count.
public enum Phase {
  /// No session.
  APART,
  /// Our hello is out.
  NEGOTIATING,
  /// Agreed that the copies are of equal worth; nobody is primary.
  WAITING,
  /// Source: what the target knew to differ is being marked in our activemap, durably.
  SOURCE_MARKING,
  /// Source: told the target that blocks will come; it marks itself inconsistent.
  SOURCE_ANNOUNCED,
  /// Source: copying.
  COPYING,
  /// Source: all is copied, both sides flush.
  SOURCE_FLUSHING,
  /// Source: recording that the target may now be as good as we are. Writes go to the peer.
  SOURCE_RECORDING,
  /// As before, but nothing had to be copied and the target was told nothing yet: writes wait.
  SOURCE_RECORDING_CLEAN,
  /// Source: the target was told; it records and answers.
  OFFERED,
  /// Target: agreed, nothing has come yet.
  TARGET_AGREED,
  /// Target: recording that this copy is inconsistent.
  TARGET_MARKING,
  /// Target: receiving.
  RECEIVING,
  /// Target: flushing and recording the source's identity.
  ADOPTING,
  /// Both copies are equal but for writes in flight.
  IN_STEP;

  /// The hellos are exchanged and accepted.
  public boolean agreed() {
    return this != APART && this != NEGOTIATING;
  }

  /// The table of what may follow what; everything else is a defect. A session may end in any
  /// phase.
  boolean mayBecome(Phase next) {
    if (next == APART) {
      return this != APART;
    }
    return switch (this) {
      case APART -> next == NEGOTIATING;
      case NEGOTIATING -> next == WAITING || next == SOURCE_MARKING || next == TARGET_AGREED;
      case WAITING -> next == SOURCE_MARKING || next == TARGET_AGREED || next == TARGET_MARKING;
      case SOURCE_MARKING -> next == SOURCE_ANNOUNCED || next == SOURCE_RECORDING_CLEAN;
      case SOURCE_ANNOUNCED -> next == COPYING;
      case COPYING -> next == SOURCE_FLUSHING;
      case SOURCE_FLUSHING -> next == COPYING || next == SOURCE_RECORDING;
      case SOURCE_RECORDING, SOURCE_RECORDING_CLEAN -> next == OFFERED;
      case OFFERED -> next == IN_STEP;
      case TARGET_AGREED -> next == TARGET_AGREED || next == TARGET_MARKING || next == ADOPTING;
      case TARGET_MARKING -> next == RECEIVING;
      case RECEIVING -> next == ADOPTING;
      case ADOPTING -> next == IN_STEP;
      case IN_STEP -> false;
    };
  }

  /// New writes of this node go to the peer too.
  boolean peerTakesWrites() {
    return switch (this) {
      case COPYING, SOURCE_FLUSHING, SOURCE_RECORDING, OFFERED, IN_STEP -> true;
      case APART,
          NEGOTIATING,
          WAITING,
          SOURCE_MARKING,
          SOURCE_ANNOUNCED,
          SOURCE_RECORDING_CLEAN,
          TARGET_AGREED,
          TARGET_MARKING,
          RECEIVING,
          ADOPTING ->
          false;
    };
  }

  /// Writes of the peer are accepted.
  boolean acceptsPeerWrites() {
    return this == RECEIVING || this == ADOPTING || this == IN_STEP;
  }

  /// This side copies, or is about to.
  public boolean source() {
    return switch (this) {
      case SOURCE_MARKING,
          SOURCE_ANNOUNCED,
          COPYING,
          SOURCE_FLUSHING,
          SOURCE_RECORDING,
          SOURCE_RECORDING_CLEAN,
          OFFERED ->
          true;
      case APART,
          NEGOTIATING,
          WAITING,
          TARGET_AGREED,
          TARGET_MARKING,
          RECEIVING,
          ADOPTING,
          IN_STEP ->
          false;
    };
  }

  /// This side receives, or is about to.
  public boolean target() {
    return switch (this) {
      case TARGET_AGREED, TARGET_MARKING, RECEIVING, ADOPTING -> true;
      case APART,
          NEGOTIATING,
          WAITING,
          SOURCE_MARKING,
          SOURCE_ANNOUNCED,
          COPYING,
          SOURCE_FLUSHING,
          SOURCE_RECORDING,
          SOURCE_RECORDING_CLEAN,
          OFFERED,
          IN_STEP ->
          false;
    };
  }
}
