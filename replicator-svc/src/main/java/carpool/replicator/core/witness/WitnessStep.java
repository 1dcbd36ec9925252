package carpool.replicator.core.witness;

import carpool.replicator.core.Check;
import carpool.replicator.core.witness.WitnessCall.Reading;
import carpool.replicator.core.witness.WitnessCall.Writing;
import carpool.replicator.core.witness.WitnessRecord.Both;
import carpool.replicator.core.witness.WitnessRecord.Only;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What an event means: the rules of [WitnessMachine]. Lives within one call.
///
/// Each handler changes what is known; [#finish] then begins whatever call or question the new
/// state needs.
final class WitnessStep {
  private final WitnessConfig config;
  private final long now;
  private final long fresh;
  private final WitnessState before;
  private final List<WitnessEffect> effects = new ArrayList<>(2);

  private long incarnation;
  private Standing standing;
  private boolean copyUsable;
  private @Nullable PeerSession session;
  private long leaseUntil;
  private long promisedUntil;
  private boolean peerOutdated;
  private boolean continued;
  private @Nullable WonRecord won;
  private long claim;
  private @Nullable PeerQuestion question;
  private @Nullable WitnessCall call;
  private @Nullable Hold hold;
  private long retryAt;

  WitnessStep(WitnessState state, Moment moment) {
    before = state;
    config = state.config();
    now = moment.nowNanos();
    fresh = moment.fresh();
    incarnation = state.incarnation();
    standing = state.standing();
    copyUsable = state.copyUsable();
    session = state.session();
    leaseUntil = state.leaseUntilNanos();
    promisedUntil = state.promisedUntilNanos();
    peerOutdated = state.peerOutdated();
    continued = state.continued();
    won = state.won();
    claim = state.claim();
    question = state.question();
    call = state.call();
    hold = state.hold();
    retryAt = state.retryAtNanos();
  }

  Transition finish() {
    pursue();
    holdOrNot();
    boolean candidate = candidate();
    Check.invariant(
        standing == Standing.PRIMARY || (won == null && !peerOutdated && !continued),
        "only a primary serves alone");
    Check.invariant(
        question == null
            || (question.kind() == PeerQuestion.Kind.PROMOTE
                ? candidate && session != null
                : standing == Standing.PRIMARY && session == null),
        "a question is asked by whom it is for");
    var next =
        new WitnessState(
            config,
            incarnation,
            standing,
            copyUsable,
            session,
            leaseUntil,
            promisedUntil,
            now + config.awakeNanos(),
            peerOutdated,
            continued,
            won,
            claim,
            question,
            call,
            hold,
            retryAt);
    return new Transition(next, List.copyOf(effects));
  }

  // ----- time

  /// Runs before every event. The peer and the witness may have heard anything meanwhile, from an
  /// operator too; a session gets the whole time again to show that it lives.
  void noticeStandstill() {
    if (now - before.awakeUntilNanos() < 0) {
      return;
    }
    peerOutdated = false;
    continued = false;
    won = null;
    call = null;
    question = null;
    retryAt = now;
    if (session != null) {
      session = new PeerSession(session.sync(), now);
    }
  }

  void onTime() {
    if (call != null && reached(call.deadlineNanos())) {
      callFailed(call);
    }
    if (question != null && reached(question.askedNanos() + config.callNanos())) {
      peerSilent(question);
    }
    if (standing == Standing.PRIMARY && session != null && !alone() && silent(session)) {
      effects.add(new WitnessEffect.EndSession());
      onSessionLost();
    }
    if (hold != null && !hold.gaveAway() && reached(hold.sinceNanos() + config.giveAwayNanos())) {
      hold = new Hold(hold.sinceNanos(), hold.unheard(), true);
      effects.add(new WitnessEffect.GiveAddressAway());
    }
  }

  private boolean silent(PeerSession open) {
    return reached(WitnessState.later(leaseUntil, open.openedNanos() + config.deadAfterNanos()));
  }

  // ----- the session

  void onSessionOpened(SyncState sync) {
    session = new PeerSession(sync, now);
    // Whatever was asked was about the time without a session (rule 12). A claim of then that is
    // carried out late is no win: the peer may become primary in this session and send a reset at
    // that very revision. A reset of before the session is written again, which makes void what
    // either node sent meanwhile.
    question = null;
    call = null;
    claim = 0;
    retryAt = now;
    if (won != null && won.record() instanceof Both) {
      won = null;
    }
    if (sync != SyncState.SOURCE) {
      peerOutdated = false;
      continued = false;
    }
    if (sync == SyncState.TARGET) {
      copyUsable = false;
    }
    if (sync == SyncState.IN_SYNC) {
      copyUsable = true;
    }
  }

  void onSessionLost() {
    if (session == null) {
      return;
    }
    session = null;
    question = null;
    call = null;
    retryAt = now;
    if (standing == Standing.PRIMARY && alone()) {
      effects.add(new WitnessEffect.GoStandAlone());
    }
  }

  void onPeerNewer() {
    if (standing == Standing.PRIMARY) {
      stop(Refusal.PEER_IS_PRIMARY);
    }
  }

  void onKeepAlive(long sentNanos) {
    if (session != null && standing != Standing.PRIMARY) {
      promise();
      effects.add(new WitnessEffect.EchoKeepAlive(sentNanos));
    }
  }

  /// Not to be promoted without the peer's word until the peer's lease is over for certain.
  private void promise() {
    promisedUntil =
        WitnessState.later(promisedUntil, now + config.deadAfterNanos() + config.marginNanos());
  }

  void onEcho(long sentNanos) {
    if (session != null && standing == Standing.PRIMARY) {
      leaseUntil = WitnessState.later(leaseUntil, sentNanos + config.deadAfterNanos());
    }
  }

  void onSyncCommitted() {
    if (session != null) {
      session = session.with(SyncState.COMMITTING);
      peerOutdated = false;
      continued = false;
    }
  }

  void onInSync() {
    if (session != null) {
      session = session.with(SyncState.IN_SYNC);
      copyUsable = true;
    }
  }

  // ----- questions between the nodes

  /// Two that ask at once: the lower name goes first.
  void onPeerAsksPromotion(long request) {
    boolean grant =
        session != null
            && (standing == Standing.SECONDARY
                || (candidate() && config.peer().compareTo(config.node()) < 0));
    if (grant) {
      if (candidate()) {
        refuse(Refusal.PEER_GOES_FIRST);
      }
      promise();
    }
    effects.add(new WitnessEffect.AnswerPeer(request, grant));
  }

  /// A primary goes before a candidate: it has clients. A candidate's transaction may be under way
  /// and win late (rule 9). A copy that went ahead is kept: it has what clients were told.
  void onPeerAsksOutdate(long request, boolean newerHere) {
    if (standing == Standing.PRIMARY || newerHere) {
      effects.add(new WitnessEffect.AnswerPeer(request, false));
      return;
    }
    copyUsable = false;
    if (session != null) {
      // The peer has lost it already.
      effects.add(new WitnessEffect.EndSession());
      onSessionLost();
    }
    effects.add(new WitnessEffect.OutdateCopy(request));
  }

  void onPeerAnswered(long token, PeerAnswer answer) {
    var asked = question;
    if (asked == null || asked.token() != token) {
      return;
    }
    switch (answer) {
      case GRANTED -> {
        question = null;
        switch (asked.kind()) {
          case PROMOTE -> {
            // The peer promised after it was asked: the yes is an echo of the question.
            leaseUntil = asked.askedNanos() + config.deadAfterNanos();
            promisedUntil = now; // this is the word that was promised to be waited for
            promoted();
          }
          case OUTDATE -> {
            peerOutdated = true;
            effects.add(new WitnessEffect.GoStandAlone());
          }
        }
      }
      case REFUSED -> {
        question = null;
        switch (asked.kind()) {
          case PROMOTE -> refuse(Refusal.PEER_IS_PRIMARY);
          case OUTDATE -> stop(Refusal.PEER_IS_PRIMARY);
        }
      }
      case UNREACHABLE -> peerSilent(asked);
    }
  }

  private void peerSilent(PeerQuestion asked) {
    question = null;
    switch (asked.kind()) {
      case PROMOTE -> refuse(Refusal.PEER_NOT_HEARD);
      case OUTDATE -> tryLater();
    }
  }

  // ----- the role

  void onPromotionWanted(boolean force) {
    switch (standing) {
      case SECONDARY, CANDIDATE, FORCED_CANDIDATE ->
          standing = force ? Standing.FORCED_CANDIDATE : Standing.CANDIDATE;
      case PRIMARY -> effects.add(new WitnessEffect.AllowPromotion());
      case STOPPED -> effects.add(new WitnessEffect.RefusePromotion(Refusal.PEER_IS_PRIMARY));
    }
  }

  void onDemoted() {
    if (candidate()) {
      refuse(Refusal.DEMOTED);
    } else {
      leave(Standing.SECONDARY);
    }
  }

  private void promoted() {
    standing = Standing.PRIMARY;
    copyUsable = true;
    effects.add(new WitnessEffect.AllowPromotion());
  }

  private void refuse(Refusal why) {
    leave(Standing.SECONDARY);
    effects.add(new WitnessEffect.RefusePromotion(why));
  }

  private void stop(Refusal why) {
    leave(Standing.STOPPED);
    effects.add(new WitnessEffect.AskDemotion(why));
  }

  /// What was asked or won as candidate or primary is over with that (rule 12).
  private void leave(Standing next) {
    standing = next;
    peerOutdated = false;
    continued = false;
    won = null;
    claim = 0;
    question = null;
    call = null;
    leaseUntil = now;
    retryAt = now;
  }

  // ----- the witness

  void onIncarnationAgreed(long agreed) {
    incarnation = agreed;
    won = null;
    claim = 0;
    call = null;
    if (maySettle() && session != null && session.sync() == SyncState.IN_SYNC) {
      call = new Writing(fresh, now + config.callNanos(), new Both());
      effects.add(new WitnessEffect.CreateWitness(fresh, incarnation));
    }
  }

  void onProbe() {
    boolean outdated = standing == Standing.SECONDARY && !copyUsable;
    if (call == null && session == null && (outdated || alone())) {
      read();
    }
  }

  void onRead(long token, WitnessView view) {
    if (ends(token)) {
      decide(view);
    }
  }

  void onLost(long token, WitnessView view) {
    if (ends(token)) {
      decide(view);
    }
  }

  void onWon(long token, long revision) {
    if (call instanceof Writing writing && ends(token)) {
      wonRecord(new WonRecord(writing.record(), revision));
    }
  }

  void onCallFailed(long token) {
    var failed = call;
    if (failed != null && failed.token() == token) {
      callFailed(failed);
    }
  }

  private boolean ends(long token) {
    if (call == null || call.token() != token) {
      return false;
    }
    call = null;
    return true;
  }

  private void callFailed(WitnessCall failed) {
    call = null;
    if (failed instanceof Writing) {
      read(); // it may have been carried out, and may still be
      return;
    }
    switch (standing) {
      case CANDIDATE -> noWitness(Refusal.WITNESS_NOT_HEARD);
      case FORCED_CANDIDATE -> promoteWithoutWitness();
      case PRIMARY -> tryLater();
      case SECONDARY, STOPPED -> {}
    }
  }

  private void noWitness(Refusal why) {
    if (config.onLoss() == OnLoss.CONTINUE) {
      promoteWithoutWitness();
    } else {
      refuse(why);
    }
  }

  private void promoteWithoutWitness() {
    promoted();
    continued = true;
    effects.add(new WitnessEffect.GoStandAlone());
  }

  /// A transaction of this node was carried out.
  private void wonRecord(WonRecord written) {
    if (!(written.record() instanceof Only) || standing == Standing.SECONDARY) {
      won = standing == Standing.PRIMARY ? written : null;
      return;
    }
    if (candidate()) {
      promoted();
    }
    boolean news = !alone();
    won = written;
    if (news && session == null) {
      effects.add(new WitnessEffect.GoStandAlone());
    }
  }

  /// The record is known as it was a moment ago.
  private void decide(WitnessView view) {
    if (incarnation == 0 || view.incarnation() != incarnation) {
      effects.add(new WitnessEffect.ReportForeign(view.incarnation()));
      foreign();
      return;
    }
    switch (standing) {
      case SECONDARY -> handOver(view);
      case CANDIDATE, FORCED_CANDIDATE -> decideAsCandidate(view);
      case PRIMARY -> decideAsPrimary(view);
      case STOPPED -> {}
    }
  }

  /// Nobody wins on a witness that knows nothing of what was answered (rule 8).
  private void foreign() {
    switch (standing) {
      case CANDIDATE -> noWitness(Refusal.WITNESS_FOREIGN);
      case FORCED_CANDIDATE -> promoteWithoutWitness();
      case PRIMARY -> tryLater();
      case SECONDARY, STOPPED -> {}
    }
  }

  private void handOver(WitnessView view) {
    if (!copyUsable
        && session == null
        && view.record() instanceof Only only
        && only.node().equals(config.node())
        && !only.forced()) {
      write(new Only(config.peer(), fresh, false), view.revision());
    }
  }

  private void decideAsCandidate(WitnessView view) {
    boolean force = standing == Standing.FORCED_CANDIDATE;
    if (isOwnClaim(view.record())) {
      wonRecord(new WonRecord(view.record(), view.revision()));
    } else if (force) {
      claim(view.revision(), true);
    } else {
      switch (view.record()) {
        case WitnessRecord.Absent _ -> noWitness(Refusal.WITNESS_FOREIGN);
        case Both _ -> claim(view.revision(), false);
        case Only only -> {
          if (only.node().equals(config.node())) {
            claim(view.revision(), false);
          } else {
            refuse(Refusal.RECORD_NAMES_PEER);
          }
        }
      }
    }
  }

  private void decideAsPrimary(WitnessView view) {
    var open = session;
    if (open != null) {
      if (!maySettle()) {
        tryLater();
      } else if (open.sync() == SyncState.IN_SYNC) {
        write(new Both(), view.revision());
      } else if (open.sync() == SyncState.SOURCE && view.revision() != 0) {
        claim(view.revision(), false);
      }
      return;
    }
    if (isOwnClaim(view.record())) {
      if (won == null) {
        wonRecord(new WonRecord(view.record(), view.revision()));
      }
      return;
    }
    switch (view.record()) {
      case WitnessRecord.Absent _ -> tryLater();
      case Both _ -> claim(view.revision(), false);
      case Only only -> {
        boolean lateWin = peerOutdated && !only.forced();
        if (only.node().equals(config.node()) || lateWin) {
          claim(view.revision(), false);
        } else {
          stop(Refusal.RECORD_NAMES_PEER);
        }
      }
    }
  }

  private boolean isOwnClaim(WitnessRecord record) {
    return claim != 0 && record instanceof Only only && only.generation() == claim;
  }

  /// The session is more than a memory (rule 6).
  private boolean maySettle() {
    return standing == Standing.PRIMARY && session != null && now - leaseUntil < 0;
  }

  private void claim(long revision, boolean forced) {
    write(new Only(config.node(), fresh, forced), revision);
  }

  private void write(WitnessRecord record, long revision) {
    won = null;
    claim = record.names(config.node()) ? fresh : 0;
    call = new Writing(fresh, now + config.callNanos(), record);
    effects.add(new WitnessEffect.WriteRecord(fresh, incarnation, revision, record));
  }

  private void read() {
    call = new Reading(fresh, now + config.callNanos());
    effects.add(new WitnessEffect.ReadRecord(fresh));
  }

  // ----- what is begun now

  private void pursue() {
    switch (standing) {
      case SECONDARY, STOPPED -> {}
      case CANDIDATE, FORCED_CANDIDATE -> pursuePromotion();
      case PRIMARY -> pursueAsPrimary();
    }
  }

  private void pursuePromotion() {
    if (!copyUsable && standing == Standing.CANDIDATE) {
      refuse(Refusal.COPY_UNUSABLE);
    } else if (session != null) {
      if (question == null) {
        question = new PeerQuestion(fresh, now, PeerQuestion.Kind.PROMOTE);
        effects.add(new WitnessEffect.AskPromotion(fresh));
      }
    } else if (call == null && reached(promisedUntil)) {
      read();
    }
  }

  private void pursueAsPrimary() {
    if (session != null) {
      if (call == null && reached(retryAt) && maySettle() && !settled(session.sync())) {
        begin();
      }
      return;
    }
    if (!alone() && question == null && reached(retryAt)) {
      question = new PeerQuestion(fresh, now, PeerQuestion.Kind.OUTDATE);
      effects.add(new WitnessEffect.AskOutdate(fresh));
    }
    boolean wonAlone = won != null && won.record().names(config.node());
    if (call == null && !wonAlone && reached(retryAt)) {
      begin();
    }
  }

  /// The record says what it should while the copies stand to each other like this.
  private boolean settled(SyncState sync) {
    return switch (sync) {
      case SOURCE -> won != null && won.record().names(config.node());
      case COMMITTING, TARGET -> true;
      case IN_SYNC -> won != null && won.record() instanceof Both;
    };
  }

  /// What this process wrote last saves the read, in most cases; in the others the compare fails
  /// and shows what is there.
  private void begin() {
    if (won == null) {
      read();
    } else if (session != null && session.sync() == SyncState.IN_SYNC) {
      write(new Both(), won.revision());
    } else {
      claim(won.revision(), false);
    }
  }

  // ----- what is held meanwhile

  private void tryLater() {
    retryAt = now + config.retryNanos();
    if (session == null && question == null && call == null && !alone()) {
      if (config.onLoss() == OnLoss.CONTINUE) {
        continued = true;
        effects.add(new WitnessEffect.GoStandAlone());
      } else {
        hold =
            new Hold(hold == null ? now : hold.sinceNanos(), true, hold != null && hold.gaveAway());
      }
    }
  }

  private void holdOrNot() {
    boolean answers = alone() || (session != null && now - leaseUntil < 0);
    if (standing != Standing.PRIMARY || answers) {
      hold = null;
    } else if (hold == null) {
      hold = new Hold(now, false, false);
    }
  }

  private boolean alone() {
    return peerOutdated || continued || (won != null && won.record().names(config.node()));
  }

  private boolean candidate() {
    return standing == Standing.CANDIDATE || standing == Standing.FORCED_CANDIDATE;
  }

  private boolean reached(long deadlineNanos) {
    return now - deadlineNanos >= 0;
  }
}
