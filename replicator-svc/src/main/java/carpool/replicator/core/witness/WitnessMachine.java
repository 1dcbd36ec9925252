package carpool.replicator.core.witness;

/// Who of two nodes may serve a pool while they do not reach each other: one machine per pool and
/// node, and a small record in a third place that holds no data.
///
/// The record is absent, *both*, or *only NODE*. It is changed by transactions that hold only if
/// the record still has the revision that the writer knows. No clock of the witness is used, and no
/// request to it has to be taken back: whatever is still under way when somebody wins has an older
/// revision in its compare and fails.
///
/// Rules. "Wins" means: an answer says that the transaction was carried out, or a read shows the
/// generation that was drawn for it.
///
/// 1. **In a session a primary answers under a lease**, and nobody asks the witness. The lease ends
///    `dead-after` after the primary *sent* the last keep-alive that was echoed. With the echo the
///    peer promises not to be promoted without the primary's word for `dead-after` and a margin. It
///    promises after the sending, so the lease is over before the promise, whatever is delayed.
/// 2. **A node to be promoted without a session first waits until its promise is over.** A process
///    that starts does not know what its predecessor promised, and waits as if it had just done so.
/// 3. **A primary without lease or session answers nothing**, reads included, until the peer has
///    durably recorded that its copy is outdated, or until it wins *only me*.
/// 4. **Nobody goes on after a mere read**, not even of *only me*: a reset to *both* that was sent
///    while the copies were in sync may be carried out a moment later, and then the peer wins. Only
///    a win, at the revision of that moment, makes such a request fail.
/// 5. **What was won holds until a reset is sent**, not until it is answered. While it holds the
///    loss of a session needs no question: nobody but the winner turns *only me* into *both*, and
///    the requests from before the win are void.
/// 6. **Only a primary with a valid lease resets to *both***, when both nodes have durably recorded
///    that the copies are in sync. The valid lease matters: without it the session may be a memory,
///    and the peer may have won meanwhile. While the copies differ the source, again under a lease,
///    moves the record to *only me*.
/// 7. **A call without an answer is neither won nor lost**: the record is read, then decided on.
/// 8. **A lost compare is decided on what it shows.** *Both* and *only me*: again, at that
///    revision. *Only PEER*: a candidate is refused, a primary answers nothing any more and asks to
///    be demoted. Absent, or another incarnation: nobody wins; hold until the peer is back.
/// 9. **The peer's word outweighs a late win of its own.** A primary whose peer has outdated its
///    copy overwrites *only PEER*, unless that was forced. An outdated node gives nothing up by
///    this: it is not promoted, and hands a record that names it to the peer, whose copy is newer.
/// 10. **The word and the won record are forgotten by a process that stood still**, so that it asks
///     before it answers anything. What it promised holds.
/// 11. **The word ends when a sync is committed**: from then on the peer may record that its copy
///     is usable.
/// 12. **A question that leads nowhere is forgotten with its reason**: an answer to a promotion
///     that was taken back, or to a session that is over, must not promote later, when this node
///     has promised something else. Tokens see to that.
///
/// Not covered: an operator's force, a witness that was set back to an older state of itself under
/// the same incarnation, and `on-loss: continue`. A force is noticed by the other node when it
/// looks after the record ([WitnessEvent.ProbeDue]) or asks.
///
/// Invariants: only a primary holds a won record, a peer's word or clients; a candidate's question
/// belongs to a session, a primary's to none.
public final class WitnessMachine {
  private WitnessMachine() {}

  /// The next state and what to do about it. Pure.
  public static Transition step(WitnessState state, Moment moment, WitnessEvent event) {
    var step = new WitnessStep(state, moment);
    step.noticeStandstill();
    switch (event) {
      case WitnessEvent.TimePassed _ -> step.onTime();
      case WitnessEvent.SessionOpened(var sync) -> step.onSessionOpened(sync);
      case WitnessEvent.SessionLost _ -> step.onSessionLost();
      case WitnessEvent.PeerNewer _ -> step.onPeerNewer();
      case WitnessEvent.KeepAliveHeard(var sentNanos) -> step.onKeepAlive(sentNanos);
      case WitnessEvent.KeepAliveEchoed(var sentNanos) -> step.onEcho(sentNanos);
      case WitnessEvent.SyncCommitted _ -> step.onSyncCommitted();
      case WitnessEvent.InSync _ -> step.onInSync();
      case WitnessEvent.PeerAsksPromotion(var request) -> step.onPeerAsksPromotion(request);
      case WitnessEvent.PeerAsksOutdate(var request, var newerHere) ->
          step.onPeerAsksOutdate(request, newerHere);
      case WitnessEvent.PeerAnswered(var question, var answer) ->
          step.onPeerAnswered(question, answer);
      case WitnessEvent.PromotionWanted(var force) -> step.onPromotionWanted(force);
      case WitnessEvent.Demoted _ -> step.onDemoted();
      case WitnessEvent.RecordRead(var call, var view) -> step.onRead(call, view);
      case WitnessEvent.TransactionWon(var call, var revision) -> step.onWon(call, revision);
      case WitnessEvent.TransactionLost(var call, var view) -> step.onLost(call, view);
      case WitnessEvent.CallFailed(var call) -> step.onCallFailed(call);
      case WitnessEvent.ProbeDue _ -> step.onProbe();
      case WitnessEvent.IncarnationAgreed(var incarnation) -> step.onIncarnationAgreed(incarnation);
    }
    return step.finish();
  }
}
