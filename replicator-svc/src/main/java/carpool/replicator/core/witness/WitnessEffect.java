package carpool.replicator.core.witness;

/// What the shell must do, in the order given.
public sealed interface WitnessEffect {

  // ----- the witness

  /// Read the record. Answered by [WitnessEvent.RecordRead] or [WitnessEvent.CallFailed].
  record ReadRecord(long call) implements WitnessEffect {}

  /// Write the record of the pool, all resources in one transaction, if the witness carries this
  /// incarnation and the record still has this revision. Answered by [WitnessEvent.TransactionWon],
  /// [WitnessEvent.TransactionLost] or [WitnessEvent.CallFailed].
  ///
  /// @param expectedRevision 0: the record must be absent
  record WriteRecord(long call, long incarnation, long expectedRevision, WitnessRecord record)
      implements WitnessEffect {}

  /// Write the incarnation and [WitnessRecord.Both] if the witness is empty. Answered as
  /// [WriteRecord]. Must not outlive the connection on which it was sent: a second witness that is
  /// empty, too, must not be given the same identity.
  record CreateWitness(long call, long incarnation) implements WitnessEffect {}

  // ----- the peer

  /// Ask in the session. Answered by [WitnessEvent.PeerAnswered].
  record AskPromotion(long question) implements WitnessEffect {}

  /// Ask the peer over any path (OutdatePeer). Answered by [WitnessEvent.PeerAnswered].
  record AskOutdate(long question) implements WitnessEffect {}

  /// Answer [WitnessEvent.PeerAsksPromotion], or refuse [WitnessEvent.PeerAsksOutdate].
  record AnswerPeer(long request, boolean granted) implements WitnessEffect {}

  /// Record durably that this copy is outdated, then grant [WitnessEvent.PeerAsksOutdate].
  record OutdateCopy(long request) implements WitnessEffect {}

  /// Echo a keep-alive.
  record EchoKeepAlive(long sentNanos) implements WitnessEffect {}

  /// End the session: for this node it is over.
  record EndSession() implements WitnessEffect {}

  // ----- this node

  /// The promotion is allowed.
  record AllowPromotion() implements WitnessEffect {}

  /// The promotion is refused; the role is as it was.
  record RefusePromotion(Refusal why) implements WitnessEffect {}

  /// This copy goes on without the peer's: record that durably before anything is answered.
  record GoStandAlone() implements WitnessEffect {}

  /// The other node serves: have this one demoted.
  record AskDemotion(Refusal why) implements WitnessEffect {}

  /// Clients were held for too long: give the address away and cut the devices off, so that the
  /// other node may serve.
  record GiveAddressAway() implements WitnessEffect {}

  /// The witness is not the one that this node trusts.
  record ReportForeign(long incarnation) implements WitnessEffect {}
}
