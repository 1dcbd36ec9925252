package carpool.replicator.core;

/// What two cores tell each other besides data. Travels on the block connection in order with the
/// data; docs/replication-protocol.md has the bytes.
public sealed interface PeerMessage {

  /// The sender's role or disk changed.
  record StateChanged(Role role, DiskState disk) implements PeerMessage {}

  /// "May I become primary?" Answered by [PromotionAnswer].
  record PromotionRequest() implements PeerMessage {}

  /// The answer to [PromotionRequest].
  ///
  /// @param granted false when the sender is primary, or wants to be and goes first
  record PromotionAnswer(boolean granted) implements PeerMessage {}

  /// Source to target: what you knew to differ is now durably marked here; forget your map.
  record MapTaken() implements PeerMessage {}

  /// Source to target: blocks will be copied; mark yourself inconsistent, durably, then answer
  /// [SyncReady].
  record SyncStart() implements PeerMessage {}

  /// Target to source.
  record SyncReady() implements PeerMessage {}

  /// Source to target: both copies are equal and flushed; take over this identity, durably, then
  /// answer [InStepDone].
  record InStep(Identity identity) implements PeerMessage {}

  /// Target to source.
  record InStepDone() implements PeerMessage {}

  /// Primary to secondary, in step: my disk failed; record, durably, that your copy is the only
  /// one, then answer [SoleCopyTaken].
  record DiskFailed() implements PeerMessage {}

  /// Secondary to primary: from now on what is written here is enough.
  record SoleCopyTaken() implements PeerMessage {}
}
