package carpool.replicator.core.witness;

/// Everything that can happen to the witness rule of one pool.
public sealed interface WitnessEvent {

  /// Comes at least every [WitnessConfig#awakeNanos], and when [WitnessState#wakeNanos] is reached;
  /// may be late.
  record TimePassed() implements WitnessEvent {}

  // ----- the session with the peer

  /// The nodes have met. The target may not have recorded yet that its copy is unusable.
  record SessionOpened(SyncState sync) implements WitnessEvent {}

  /// The session ended, for whatever reason.
  record SessionLost() implements WitnessEvent {}

  /// The handshake found that the peer is primary, or that its copy is newer than a primary's here.
  record PeerNewer() implements WitnessEvent {}

  /// The peer, primary, sent a keep-alive in the session.
  ///
  /// @param sentNanos the peer's clock
  record KeepAliveHeard(long sentNanos) implements WitnessEvent {}

  /// The peer echoed a keep-alive of this node.
  ///
  /// @param sentNanos this node's clock when it was sent
  record KeepAliveEchoed(long sentNanos) implements WitnessEvent {}

  /// Source: this copy has durably recorded that it is no longer ahead of the peer's. The peer must
  /// not record that its copy is usable before this event is handled.
  record SyncCommitted() implements WitnessEvent {}

  /// Target: this copy is durably usable. Source: the peer's is, and said so in the session.
  record InSync() implements WitnessEvent {}

  // ----- questions between the nodes

  /// The peer asks in the session whether it may become primary.
  record PeerAsksPromotion(long request) implements WitnessEvent {}

  /// The peer, primary, has lost this node and is to go stand-alone.
  ///
  /// @param newerHere by their generations this copy is newer than the peer's
  record PeerAsksOutdate(long request, boolean newerHere) implements WitnessEvent {}

  /// Answer to [WitnessEffect.AskPromotion] or [WitnessEffect.AskOutdate].
  record PeerAnswered(long question, PeerAnswer answer) implements WitnessEvent {}

  // ----- the role of this node

  /// This node is to be promoted.
  ///
  /// @param force by an operator who knows that the other node does not serve
  record PromotionWanted(boolean force) implements WitnessEvent {}

  /// This node is secondary; its devices are gone. Also takes back a promotion under way.
  record Demoted() implements WitnessEvent {}

  // ----- the witness

  /// Answer to [WitnessEffect.ReadRecord].
  record RecordRead(long call, WitnessView view) implements WitnessEvent {}

  /// Answer to a transaction that was carried out.
  ///
  /// @param revision of the record as written
  record TransactionWon(long call, long revision) implements WitnessEvent {}

  /// Answer to a transaction whose compare failed; nothing was written.
  ///
  /// @param view what is there, from the same transaction
  record TransactionLost(long call, WitnessView view) implements WitnessEvent {}

  /// The call was not answered. It may have been carried out, and may still be.
  record CallFailed(long call) implements WitnessEvent {}

  /// A time to look after the record: every 10 s or so.
  record ProbeDue() implements WitnessEvent {}

  /// Both nodes have durably recorded which witness they trust from now on; none other is trusted
  /// by either.
  ///
  /// @param incarnation random, not 0
  record IncarnationAgreed(long incarnation) implements WitnessEvent {}
}
