package carpool.election.core;

import static carpool.election.core.CarpMachine.BETTER_SECONDS;
import static carpool.election.core.CarpMachine.CLAIM_ALIVE_SECONDS;
import static carpool.election.core.CarpMachine.CLAIM_SILENT_SECONDS;
import static carpool.election.core.CarpMachine.HOLD_SECONDS;
import static carpool.election.core.CarpMachine.LATE_SECONDS;
import static carpool.election.core.CarpMachine.OWN_DEMOTION;
import static carpool.election.core.CarpMachine.REASSERT_SECONDS;

import carpool.election.core.CarpEffect.CheckAddresses;
import carpool.election.core.CarpEffect.ReleaseAddresses;
import carpool.election.core.CarpEffect.ReportDemotion;
import carpool.election.core.Demotions.Demotion;
import carpool.election.core.wire.Advertisement;
import carpool.election.core.wire.IpAddress;
import org.jspecify.annotations.Nullable;

/// What an event means for a group: the rules of [CarpMachine], which change the [NextState]. Lives
/// within one call.
final class CarpStep {
  /// How long an orchestrator may take to report to a process that resumed.
  private static final int RESUME_REPORT_SECONDS = 10;

  /// How often a BACKUP looks whether it could hold the addresses again.
  private static final int CHECK_SECONDS = 10;

  /// How long refused sends count against a BACKUP. The next claim shows what is true now.
  private static final int FORGET_SECONDS = 60;

  private static final long SECOND = 1_000_000_000L;

  private final CarpConfig config;
  private final long now;
  private final NextState s;

  CarpStep(CarpState state, long now) {
    this.config = state.config();
    this.now = now;
    this.s = new NextState(state, now);
  }

  Transition finish() {
    outliveOwnCauses();
    return s.finish();
  }

  /// What a MASTER noticed about itself is disproved by its next hold and its next sends. A BACKUP
  /// does neither.
  private void outliveOwnCauses() {
    armAsBackup(TimerKind.CHECK_ADDRESSES, CarpMachine.CAUSE_ADDRESS, CHECK_SECONDS);
    armAsBackup(TimerKind.FORGET_SEND_ERRORS, CarpMachine.CAUSE_SEND_ERROR, FORGET_SECONDS);
  }

  private void armAsBackup(TimerKind kind, String cause, int seconds) {
    if (s.stopped || s.role != Role.BACKUP || !s.demotions.causes().containsKey(cause)) {
      s.cancel(kind);
    } else if (!s.timers.running(kind)) {
      s.arm(kind, now + seconds * SECOND);
    }
  }

  /// Runs before every event: whatever it is, a master that was not running for so long that a peer
  /// may have taken over must first let go.
  void assumeOutlivedIfLate() {
    if (s.role == Role.MASTER && now - s.advertised.lastNanos() >= config.outlivedNanos()) {
      s.suspect(Suspicion.CLOCK_LATE);
      s.becomeBackup(Reason.CLOCK_LATE);
      s.notBefore = s.notBefore.listenUntil(now + config.masterDownNanos());
    }
  }

  void onLink(boolean up) {
    if (up == s.linkUp) {
      return;
    }
    s.linkUp = up;
    if (!up) {
      s.becomeInit(Reason.INTERFACE_DOWN);
      // What the interface refused says nothing about the one that comes back.
      forgetSendErrors();
      clear(CarpMachine.CAUSE_ADDRESS);
      return;
    }
    var earlier = s.resumption;
    if (earlier != null) {
      s.resumption = null;
      if (earlier.inTime(now)) {
        resume();
        return;
      }
      s.effects.add(new ReleaseAddresses()); // what the earlier process left
    }
    s.notBefore = s.notBefore.listenUntil(now + config.masterDownNanos());
    s.become(Role.BACKUP, Reason.INITIALIZATION_COMPLETE);
    s.armMasterDown();
  }

  /// Goes on as the MASTER that the process before this one was.
  private void resume() {
    s.masterSinceNanos = now;
    s.become(Role.MASTER, Reason.RESUMED);
    s.advertise();
    s.restartAnnouncing();
    s.arm(TimerKind.ORCHESTRATOR, now + RESUME_REPORT_SECONDS * SECOND);
  }

  void onTimer(long token) {
    var kind = s.timers.kindOf(token);
    if (kind != null) {
      long lateNanos = s.timers.lateNanos(kind, now);
      s.cancel(kind);
      onTimer(kind, lateNanos);
    }
  }

  private void onTimer(TimerKind kind, long lateNanos) {
    boolean late = lateNanos >= config.scaledNanos(LATE_SECONDS);
    switch (kind) {
      case ADVERTISE -> {
        if (late) {
          s.sendAndArm();
          // The kernel may have dropped the addresses and a peer may have them: what was queued
          // meanwhile is read first.
          s.arm(TimerKind.RENEW, now + config.scaledNanos(CLAIM_SILENT_SECONDS));
        } else {
          s.advertise();
        }
      }
      case RENEW -> s.holdIfDue();
      case MASTER_DOWN -> {
        if (late) {
          s.listenAnew();
        } else {
          s.claim(Reason.MASTER_TIMED_OUT, CLAIM_SILENT_SECONDS);
        }
      }
      case CLAIM -> {
        boolean objectionsUnread = lateNanos >= config.scaledNanos(CLAIM_SILENT_SECONDS);
        if (late) {
          s.listenAnew();
        } else if (s.claim != null && objectionsUnread && s.claim.mayBeExtended()) {
          s.claim = s.claim.extended();
          s.arm(TimerKind.CLAIM, now + config.scaledNanos(CLAIM_SILENT_SECONDS));
        } else if (s.claim != null) {
          s.becomeMaster(s.claim.reason());
        }
      }
      case ANNOUNCE -> {
        if (late) {
          s.arm(TimerKind.ANNOUNCE, now + config.scaledNanos(CLAIM_ALIVE_SECONDS));
        } else {
          s.announce();
        }
      }
      case CHECK_ADDRESSES -> s.effects.add(new CheckAddresses());
      case FORGET_SEND_ERRORS -> forgetSendErrors();
      case ORCHESTRATOR -> demote(CarpMachine.CAUSE_ORCHESTRATOR_SILENT, OWN_DEMOTION, false);
    }
  }

  void onHeard(IpAddress source, Advertisement heard) {
    if (heard.interval256() <= s.ownInterval256()) {
      s.better = new BetterPeer(source, now);
    }
    switch (s.role) {
      case INIT -> {
        // A packet read before the link event: nothing to compare with.
      }
      case BACKUP -> onHeardAsBackup(source, heard);
      case MASTER -> onHeardAsMaster(heard);
    }
  }

  private void onHeardAsBackup(IpAddress source, Advertisement heard) {
    var reason = reasonToTakeOver(heard);
    if (reason == null) {
      if (s.claim != null && s.claim.besideMaster()) {
        s.suspect(Suspicion.CLAIM_CONTRADICTED);
        s.holdBack();
      }
      // Better or worse: somebody serves, so wait another dead time.
      s.dropClaim();
      s.armMasterDown();
    } else if (s.claim == null) {
      takeOverFrom(source, heard, reason);
    } else if (!heard.leaving() && reassertDue()) {
      // Perhaps a third node claims as well, and our claim passed before it began.
      s.sendAdvertisement();
    }
  }

  private void takeOverFrom(IpAddress source, Advertisement heard, Reason reason) {
    boolean tooEarly = s.notBefore.listening(now);
    boolean held = s.notBefore.heldBack(now, reason == Reason.PREEMPTING && !heard.leaving());
    if (held && !tooEarly) {
      s.suspect(Suspicion.HELD_BACK);
    }
    boolean betterServes =
        s.better != null && s.better.servesBeside(source, now, config.scaledNanos(BETTER_SECONDS));
    if (!tooEarly && !held && !betterServes && s.demotions.eligible()) {
      s.claim(reason, CLAIM_ALIVE_SECONDS);
    } else if (!heard.leaving()) {
      // It is slow, but it serves. One that leaves does not: the timer goes on.
      s.armMasterDown();
    }
  }

  private void onHeardAsMaster(Advertisement heard) {
    if (heard.interval256() <= s.ownInterval256()) {
      // Equal counts as better: both kernels yield, and whoever hears nothing any more stays.
      s.notBefore = s.notBefore.preempt(now + config.scaledNanos(HOLD_SECONDS));
      if (now - s.masterSinceNanos < config.masterDownNanos()) {
        // The takeover was a mistake that only a peer slow to answer let through.
        s.holdBack();
      }
      s.becomeBackup(Reason.MORE_FREQUENT_HEARD);
      return;
    }
    if (heard.leaving()) {
      return;
    }
    if (reassertDue()) {
      s.suspect(Suspicion.ANOTHER_MASTER);
      s.advertise();
      s.restartAnnouncing();
    }
  }

  /// Whether an answer out of turn is within its bound; counts as given then.
  private boolean reassertDue() {
    boolean due = now - s.advertised.outOfTurnNanos() >= config.scaledNanos(REASSERT_SECONDS);
    s.advertised = due ? s.advertised.outOfTurn(now) : s.advertised;
    return due;
  }

  private @Nullable Reason reasonToTakeOver(Advertisement heard) {
    int theirs = heard.interval256();
    if (theirs > s.ownInterval256() && preempts(heard)) {
      return Reason.PREEMPTING;
    }
    if (theirs > 3 * 256 * config.advbase() + s.effectiveSkew()) {
      return Reason.MASTER_WILL_TIME_OUT;
    }
    if (s.claim != null && s.claim.outrunsSlower() && theirs > s.ownInterval256()) {
      // No contradiction: a slower master yields to the claim as soon as it hears it. This may have
      // been sent before the leave marker, which overtook it.
      return s.claim.reason();
    }
    return null;
  }

  private boolean preempts(Advertisement heard) {
    return switch (config.preempt()) {
      case NEVER -> false;
      case SLOWER -> true;
      case DEMOTED -> heard.advskew() >= CarpConfig.EFFECTIVE_SKEW_MAX;
    };
  }

  void onSent() {
    s.sendHealth = s.sendHealth.taken();
    if (s.sendHealth.recovered()) {
      forgetSendErrors();
    }
  }

  private void forgetSendErrors() {
    s.sendHealth = SendHealth.GOOD;
    clear(CarpMachine.CAUSE_SEND_ERROR);
  }

  void onAddressesFree() {
    if (s.role == Role.BACKUP) {
      clear(CarpMachine.CAUSE_ADDRESS);
    }
  }

  void onNotSent() {
    boolean failedBefore = s.sendHealth.failing();
    s.sendHealth = s.sendHealth.refused();
    if (s.sendHealth.failing() && !failedBefore) {
      demote(CarpMachine.CAUSE_SEND_ERROR, OWN_DEMOTION, false);
    }
    if (s.claim != null && s.claim.besideMaster()) {
      // A master lives and cannot contradict what it does not hear.
      s.dropClaimAndListen();
      s.holdBack();
    }
  }

  void onDuplicate() {
    s.suspect(Suspicion.DUPLICATE_ADDRESS);
    if (s.role == Role.MASTER && s.holding) {
      s.restartAnnouncing();
    }
  }

  void demote(String cause, int amount, boolean ineligible) {
    change(cause, s.demotions.with(cause, new Demotion(amount, ineligible)));
  }

  void clear(String cause) {
    change(cause, s.demotions.without(cause));
  }

  private void change(String cause, Demotions next) {
    if (next.equals(s.demotions)) {
      return;
    }
    int before = s.effectiveSkew();
    int delta = next.total() - s.demotions.total();
    s.demotions = next;
    if (delta != 0) {
      s.effects.add(new ReportDemotion(delta, next.total(), cause));
    }
    if (!next.eligible()) {
      s.dropClaimAndListen();
      if (s.role == Role.MASTER) {
        resign(Reason.NOT_ELIGIBLE);
        return;
      }
    }
    if (s.role == Role.MASTER && s.effectiveSkew() != before) {
      if (cause.equals(CarpMachine.CAUSE_ADDRESS)) {
        // The answer to a hold must not ask for the next one.
        s.sendAndArm();
      } else {
        s.advertise();
      }
    }
  }

  void onResign(long holdNanos) {
    s.notBefore = s.notBefore.preempt(now + Math.max(holdNanos, config.masterDownNanos()));
    s.dropClaimAndListen();
    if (s.role == Role.MASTER) {
      resign(Reason.RESIGNED);
    }
  }

  /// The leave marker first: the address that goes may be the only one it can be sent from. Whoever
  /// takes over claims for [CarpMachine#CLAIM_ALIVE_SECONDS] before it holds the address.
  private void resign(Reason reason) {
    s.bowOut();
    s.becomeBackup(reason);
  }

  void onMasterRequested() {
    if (s.role == Role.BACKUP && s.demotions.eligible()) {
      s.claim(Reason.USER_REQUESTED, CLAIM_ALIVE_SECONDS);
    }
  }

  void onReported(boolean up, long withinNanos) {
    s.servicesUp = up;
    s.arm(TimerKind.ORCHESTRATOR, now + withinNanos);
    clear(CarpMachine.CAUSE_ORCHESTRATOR_SILENT);
    if (s.role != Role.MASTER || !config.addressWhenReady()) {
      return;
    }
    if (up && !s.holding) {
      s.holdIfDue();
      s.restartAnnouncing();
    } else if (!up) {
      s.release();
    }
  }

  void onStop() {
    if (s.role == Role.MASTER && s.servicesUp) {
      // A restart: the role is not given away while the services are up. If no process comes back,
      // the kernel drops the addresses and the peer takes over as after a crash.
      s.advertise();
    } else {
      if (s.role == Role.MASTER || s.claim != null) {
        s.bowOut();
      }
      s.becomeInit(Reason.STOPPED);
    }
    s.timers = s.timers.withoutAny();
    s.stopped = true;
  }
}
