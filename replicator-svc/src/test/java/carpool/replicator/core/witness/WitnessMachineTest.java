package carpool.replicator.core.witness;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.witness.WitnessRecord.Both;
import carpool.replicator.core.witness.WitnessRecord.Only;
import org.junit.jupiter.api.Test;

/// Single rules; what comes of all of them together is in [WitnessExhaustiveTest].
class WitnessMachineTest {
  private static final long DEAD_AFTER = 2_000;
  private static final long MARGIN = 100;
  private static final long CALL = 500;
  private static final long RETRY = 1_000;
  private static final long GIVE_AWAY = 10_000;
  private static final long WITNESS = 77;

  private WitnessState state = initial(OnLoss.SUSPEND);
  private Transition last = new Transition(state, java.util.List.of());
  private long now;
  private long fresh = 100;

  private static WitnessState initial(OnLoss onLoss) {
    var config =
        new WitnessConfig(
            "hast1", "hast2", DEAD_AFTER, MARGIN, CALL, RETRY, 1_000_000, GIVE_AWAY, onLoss);
    return WitnessState.initial(config, WITNESS, true, 0);
  }

  private void happens(WitnessEvent event) {
    last = WitnessMachine.step(state, new Moment(now, ++fresh), event);
    state = last.next();
  }

  private void timePasses(long nanos) {
    now += nanos;
    happens(new WitnessEvent.TimePassed());
  }

  private long call() {
    var call = state.call();
    return call == null ? -1 : call.token();
  }

  private long question() {
    var question = state.question();
    return question == null ? -1 : question.token();
  }

  private WitnessView view(WitnessRecord record) {
    return new WitnessView(WITNESS, record, 5);
  }

  private void becomePrimaryInSession() {
    happens(new WitnessEvent.SessionOpened(SyncState.IN_SYNC));
    happens(new WitnessEvent.PromotionWanted(false));
    happens(new WitnessEvent.PeerAnswered(question(), PeerAnswer.GRANTED));
    happens(new WitnessEvent.RecordRead(call(), view(new Both())));
    happens(new WitnessEvent.TransactionWon(call(), 6));
  }

  private void nobodyAnswers() {
    happens(new WitnessEvent.PeerAnswered(question(), PeerAnswer.UNREACHABLE));
    happens(new WitnessEvent.CallFailed(call())); // the claim
    happens(new WitnessEvent.CallFailed(call())); // the read of what became of it
  }

  @Test
  void theLeaseRunsFromTheSendingOfTheKeepAlive() {
    becomePrimaryInSession();
    now = 1_500;
    happens(new WitnessEvent.KeepAliveEchoed(1_000));

    assertThat(state.permission(2_999)).isEqualTo(Permission.ANSWER);
    assertThat(state.permission(3_000)).isEqualTo(Permission.HOLD);
  }

  @Test
  void anEchoedKeepAliveIsAPromise() {
    happens(new WitnessEvent.SessionOpened(SyncState.IN_SYNC));
    now = 10_000;
    happens(new WitnessEvent.KeepAliveHeard(3));
    assertThat(last.effects()).containsExactly(new WitnessEffect.EchoKeepAlive(3));
    happens(new WitnessEvent.SessionLost());
    happens(new WitnessEvent.PromotionWanted(false));

    timePasses(DEAD_AFTER + MARGIN - 1);
    assertThat(last.effects()).isEmpty();
    timePasses(1);
    assertThat(last.effects()).containsExactly(new WitnessEffect.ReadRecord(call()));
  }

  @Test
  void aPrimaryThatLosesItsPeerAsksBothAtOnceAtTheRevisionItKnows() {
    becomePrimaryInSession();
    happens(new WitnessEvent.SessionLost());

    assertThat(state.permission(now)).isEqualTo(Permission.HOLD);
    assertThat(last.effects())
        .containsExactly(
            new WitnessEffect.AskOutdate(question()),
            new WitnessEffect.WriteRecord(call(), WITNESS, 6, new Only("hast1", fresh, false)));
    happens(new WitnessEvent.TransactionWon(call(), 7));
    assertThat(last.effects()).containsExactly(new WitnessEffect.GoStandAlone());
    assertThat(state.permission(now)).isEqualTo(Permission.ANSWER);
  }

  @Test
  void aLostAnswerIsFoundByReading() {
    becomePrimaryInSession();
    happens(new WitnessEvent.SessionLost());
    long generation = state.claim();
    timePasses(CALL);
    assertThat(last.effects()).contains(new WitnessEffect.ReadRecord(call()));
    assertThat(state.permission(now)).isEqualTo(Permission.HOLD);

    happens(new WitnessEvent.RecordRead(call(), view(new Only("hast1", generation, false))));
    assertThat(state.permission(now)).isEqualTo(Permission.ANSWER);
  }

  @Test
  void anOlderClaimOfItsOwnIsWonAgain() {
    becomePrimaryInSession();
    happens(new WitnessEvent.SessionLost());
    happens(new WitnessEvent.TransactionLost(call(), view(new Only("hast1", 3, false))));

    assertThat(state.permission(now)).isEqualTo(Permission.HOLD);
    assertThat(last.effects())
        .containsExactly(
            new WitnessEffect.WriteRecord(call(), WITNESS, 5, new Only("hast1", fresh, false)));
  }

  @Test
  void aPrimaryStopsWhenTheRecordNamesThePeer() {
    becomePrimaryInSession();
    happens(new WitnessEvent.SessionLost());
    happens(new WitnessEvent.TransactionLost(call(), view(new Only("hast2", 3, false))));

    assertThat(last.effects())
        .containsExactly(new WitnessEffect.AskDemotion(Refusal.RECORD_NAMES_PEER));
    assertThat(state.permission(now)).isEqualTo(Permission.HOLD);
  }

  @Test
  void aLateWinOfAPeerThatOutdatedItsCopyIsOverwrittenAForcedOneIsNot() {
    becomePrimaryInSession();
    happens(new WitnessEvent.SessionLost());
    happens(new WitnessEvent.PeerAnswered(question(), PeerAnswer.GRANTED));
    assertThat(state.permission(now)).isEqualTo(Permission.ANSWER);

    happens(new WitnessEvent.TransactionLost(call(), view(new Only("hast2", 3, false))));
    assertThat(last.effects())
        .containsExactly(
            new WitnessEffect.WriteRecord(call(), WITNESS, 5, new Only("hast1", fresh, false)));
    assertThat(state.permission(now)).isEqualTo(Permission.ANSWER);

    happens(new WitnessEvent.TransactionLost(call(), view(new Only("hast2", 4, true))));
    assertThat(last.effects())
        .containsExactly(new WitnessEffect.AskDemotion(Refusal.RECORD_NAMES_PEER));
  }

  @Test
  void anOutdatedNodeHandsTheRecordToItsPeer() {
    happens(new WitnessEvent.PeerAsksOutdate(9, false));
    assertThat(last.effects()).containsExactly(new WitnessEffect.OutdateCopy(9));
    happens(new WitnessEvent.ProbeDue());
    happens(new WitnessEvent.RecordRead(call(), view(new Only("hast1", 3, false))));

    assertThat(last.effects())
        .containsExactly(
            new WitnessEffect.WriteRecord(call(), WITNESS, 5, new Only("hast2", fresh, false)));
  }

  @Test
  void theNodeWithTheNewerCopyKeepsIt() {
    happens(new WitnessEvent.PeerAsksOutdate(9, true));

    assertThat(last.effects()).containsExactly(new WitnessEffect.AnswerPeer(9, false));
    assertThat(state.copyUsable()).isTrue();
  }

  @Test
  void anAnswerToAPromotionThatWasTakenBackPromotesNobody() {
    happens(new WitnessEvent.PromotionWanted(false));
    timePasses(DEAD_AFTER + MARGIN);
    happens(new WitnessEvent.RecordRead(call(), view(new Both())));
    long late = call();
    happens(new WitnessEvent.Demoted());
    assertThat(last.effects()).containsExactly(new WitnessEffect.RefusePromotion(Refusal.DEMOTED));
    happens(new WitnessEvent.PromotionWanted(false));
    happens(new WitnessEvent.TransactionWon(late, 6));

    assertThat(state.standing()).isEqualTo(Standing.CANDIDATE);
  }

  @Test
  void aCandidateIsRefusedWithTheReason() {
    happens(new WitnessEvent.PromotionWanted(false));
    timePasses(DEAD_AFTER + MARGIN);
    happens(new WitnessEvent.RecordRead(call(), view(new Only("hast2", 3, false))));
    assertThat(last.effects())
        .containsExactly(new WitnessEffect.RefusePromotion(Refusal.RECORD_NAMES_PEER));

    happens(new WitnessEvent.PromotionWanted(false));
    happens(new WitnessEvent.RecordRead(call(), new WitnessView(78, new Both(), 5)));
    assertThat(last.effects())
        .containsExactly(
            new WitnessEffect.ReportForeign(78),
            new WitnessEffect.RefusePromotion(Refusal.WITNESS_FOREIGN));

    happens(new WitnessEvent.PromotionWanted(false));
    happens(new WitnessEvent.CallFailed(call()));
    assertThat(last.effects())
        .containsExactly(new WitnessEffect.RefusePromotion(Refusal.WITNESS_NOT_HEARD));
  }

  @Test
  void forceOverwritesWhateverIsThereAndSaysSo() {
    happens(new WitnessEvent.PromotionWanted(true));
    timePasses(DEAD_AFTER + MARGIN);
    happens(new WitnessEvent.RecordRead(call(), view(new Only("hast2", 3, false))));

    assertThat(last.effects())
        .containsExactly(
            new WitnessEffect.WriteRecord(call(), WITNESS, 5, new Only("hast1", fresh, true)));
    happens(new WitnessEvent.TransactionWon(call(), 6));
    assertThat(last.effects())
        .containsExactly(new WitnessEffect.AllowPromotion(), new WitnessEffect.GoStandAlone());
  }

  @Test
  void withSuspendItHoldsAndGivesTheAddressAwayOnce() {
    becomePrimaryInSession();
    happens(new WitnessEvent.SessionLost());
    nobodyAnswers();
    assertThat(state.permission(now)).isEqualTo(Permission.HOLD);

    timePasses(GIVE_AWAY - 1);
    assertThat(last.effects()).doesNotContain(new WitnessEffect.GiveAddressAway());
    timePasses(1);
    assertThat(last.effects()).contains(new WitnessEffect.GiveAddressAway());
    timePasses(GIVE_AWAY);
    assertThat(last.effects()).doesNotContain(new WitnessEffect.GiveAddressAway());
  }

  @Test
  void withIoErrorItFailsRequestsUntilOneOfTheTwoAnswers() {
    state = initial(OnLoss.IO_ERROR);
    becomePrimaryInSession();
    happens(new WitnessEvent.SessionLost());
    assertThat(state.permission(now)).isEqualTo(Permission.HOLD);
    nobodyAnswers();
    assertThat(state.permission(now)).isEqualTo(Permission.FAIL);

    timePasses(RETRY);
    assertThat(state.permission(now)).isEqualTo(Permission.FAIL);
    happens(new WitnessEvent.PeerAnswered(question(), PeerAnswer.GRANTED));
    assertThat(state.permission(now)).isEqualTo(Permission.ANSWER);
  }

  @Test
  void withContinueItServesAndSaysSo() {
    state = initial(OnLoss.CONTINUE);
    becomePrimaryInSession();
    happens(new WitnessEvent.SessionLost());
    nobodyAnswers();

    assertThat(last.effects()).containsExactly(new WitnessEffect.GoStandAlone());
    assertThat(state.continued()).isTrue();
    assertThat(state.permission(now)).isEqualTo(Permission.ANSWER);
  }

  @Test
  void aPrimaryThatStoodStillAsksAgainWhateverItHadWon() {
    becomePrimaryInSession();
    happens(new WitnessEvent.SessionLost());
    happens(new WitnessEvent.TransactionWon(call(), 7));
    now += 1_000_000;

    assertThat(state.permission(now)).isEqualTo(Permission.HOLD);
    happens(new WitnessEvent.TimePassed());
    assertThat(last.effects())
        .containsExactly(
            new WitnessEffect.AskOutdate(question()), new WitnessEffect.ReadRecord(call()));
  }

  @Test
  void ofTwoThatAskTheLowerNameGoesFirst() {
    happens(new WitnessEvent.SessionOpened(SyncState.IN_SYNC));
    happens(new WitnessEvent.PromotionWanted(false));
    happens(new WitnessEvent.PeerAsksPromotion(4));

    assertThat(last.effects()).containsExactly(new WitnessEffect.AnswerPeer(4, false));
  }

  @Test
  void anEmptyWitnessIsFilledOnlyByAPairInSync() {
    becomePrimaryInSession();
    happens(new WitnessEvent.IncarnationAgreed(78));

    assertThat(last.effects()).containsExactly(new WitnessEffect.CreateWitness(call(), 78));
  }
}
