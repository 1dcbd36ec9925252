package carpool.election.core;

import static carpool.election.core.CarpMachine.ANNOUNCE_SECONDS;
import static carpool.election.core.CarpMachine.BETTER_SECONDS;
import static carpool.election.core.CarpMachine.CLAIM_ALIVE_SECONDS;
import static carpool.election.core.CarpMachine.CLAIM_SILENT_SECONDS;
import static carpool.election.core.CarpMachine.HOLD_SECONDS;
import static carpool.election.core.CarpMachine.JITTER_SECONDS;
import static carpool.election.core.CarpMachine.LATE_SECONDS;
import static carpool.election.core.CarpMachine.OWN_DEMOTION;
import static carpool.election.core.CarpMachine.REASSERT_SECONDS;

import carpool.election.core.CarpEffect.AnnounceAddresses;
import carpool.election.core.CarpEffect.ArmTimer;
import carpool.election.core.CarpEffect.CheckAddresses;
import carpool.election.core.CarpEffect.HoldAddresses;
import carpool.election.core.CarpEffect.ReleaseAddresses;
import carpool.election.core.CarpEffect.ReportDemotion;
import carpool.election.core.CarpEffect.ReportSuspicion;
import carpool.election.core.CarpEffect.ReportTransition;
import carpool.election.core.CarpEffect.SendAdvertisement;
import carpool.election.core.Demotions.Demotion;
import carpool.election.core.wire.Advertisement;
import carpool.election.core.wire.IpAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The working copy of one step of [CarpMachine]: begins as the old state, ends as the new one.
/// Lives within one call.
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
  private final List<CarpEffect> effects = new ArrayList<>();
  private Role role;
  private long masterSinceNanos;
  private boolean linkUp;
  private boolean stopped;
  private Demotions demotions;
  private boolean servicesUp;
  private boolean holding;
  private @Nullable Claim claim;
  private NotBefore notBefore;
  private @Nullable BetterPeer better;
  private Timers timers;
  private Advertised advertised;
  private SendHealth sendHealth;
  private Announcements announcements;
  private @Nullable Resumption resumption;
  private SplitMix64 random;

  CarpStep(CarpState state, long now) {
    this.config = state.config();
    this.now = now;
    this.role = state.role();
    this.masterSinceNanos = state.masterSinceNanos();
    this.linkUp = state.linkUp();
    this.stopped = state.stopped();
    this.demotions = state.demotions();
    this.servicesUp = state.servicesUp();
    this.holding = state.holding();
    this.claim = state.claim();
    this.notBefore = state.notBefore();
    this.better = state.better();
    this.timers = state.timers();
    this.advertised = state.advertised();
    this.sendHealth = state.sendHealth();
    this.announcements = state.announcements();
    this.resumption = state.resumption();
    this.random = state.random();
  }

  Transition finish() {
    outliveOwnCauses();
    var next =
        new CarpState(
            config,
            role,
            masterSinceNanos,
            linkUp,
            stopped,
            demotions,
            servicesUp,
            holding,
            claim,
            notBefore,
            better,
            timers,
            advertised,
            sendHealth,
            announcements,
            resumption,
            random);
    return new Transition(next, List.copyOf(effects));
  }

  /// What a MASTER noticed about itself is disproved by its next hold and its next sends. A BACKUP
  /// does neither.
  private void outliveOwnCauses() {
    armAsBackup(TimerKind.CHECK_ADDRESSES, CarpMachine.CAUSE_ADDRESS, CHECK_SECONDS);
    armAsBackup(TimerKind.FORGET_SEND_ERRORS, CarpMachine.CAUSE_SEND_ERROR, FORGET_SECONDS);
  }

  private void armAsBackup(TimerKind kind, String cause, int seconds) {
    if (stopped || role != Role.BACKUP || !demotions.causes().containsKey(cause)) {
      cancel(kind);
    } else if (!timers.running(kind)) {
      arm(kind, now + seconds * SECOND);
    }
  }

  /// Runs before every event: whatever it is, a master that was not running for so long that a peer
  /// may have taken over must first let go.
  void assumeOutlivedIfLate() {
    if (role == Role.MASTER && now - advertised.lastNanos() >= config.outlivedNanos()) {
      suspect(Suspicion.CLOCK_LATE);
      becomeBackup(Reason.CLOCK_LATE);
      notBefore = notBefore.listenUntil(now + config.masterDownNanos());
    }
  }

  void onLink(boolean up) {
    if (up == linkUp) {
      return;
    }
    linkUp = up;
    if (!up) {
      becomeInit(Reason.INTERFACE_DOWN);
      // What the interface refused says nothing about the one that comes back.
      forgetSendErrors();
      clear(CarpMachine.CAUSE_ADDRESS);
      return;
    }
    var earlier = resumption;
    if (earlier != null) {
      resumption = null;
      if (earlier.inTime(now)) {
        resume();
        return;
      }
      effects.add(new ReleaseAddresses()); // what the earlier process left
    }
    notBefore = notBefore.listenUntil(now + config.masterDownNanos());
    become(Role.BACKUP, Reason.INITIALIZATION_COMPLETE);
    armMasterDown();
  }

  /// Goes on as the MASTER that the process before this one was.
  private void resume() {
    masterSinceNanos = now;
    become(Role.MASTER, Reason.RESUMED);
    advertise();
    restartAnnouncing();
    arm(TimerKind.ORCHESTRATOR, now + RESUME_REPORT_SECONDS * SECOND);
  }

  void onTimer(long token) {
    var kind = timers.kindOf(token);
    if (kind != null) {
      long lateNanos = timers.lateNanos(kind, now);
      cancel(kind);
      onTimer(kind, lateNanos);
    }
  }

  private void onTimer(TimerKind kind, long lateNanos) {
    boolean late = lateNanos >= config.scaledNanos(LATE_SECONDS);
    switch (kind) {
      case ADVERTISE -> {
        if (late) {
          sendAndArm();
          // The kernel may have dropped the addresses and a peer may have them: what was queued
          // meanwhile is read first.
          arm(TimerKind.RENEW, now + config.scaledNanos(CLAIM_SILENT_SECONDS));
        } else {
          advertise();
        }
      }
      case RENEW -> holdIfDue();
      case MASTER_DOWN -> {
        if (late) {
          listenAnew();
        } else {
          claim(Reason.MASTER_TIMED_OUT, CLAIM_SILENT_SECONDS);
        }
      }
      case CLAIM -> {
        boolean objectionsUnread = lateNanos >= config.scaledNanos(CLAIM_SILENT_SECONDS);
        if (late) {
          listenAnew();
        } else if (claim != null && objectionsUnread && claim.mayBeExtended()) {
          claim = claim.extended();
          arm(TimerKind.CLAIM, now + config.scaledNanos(CLAIM_SILENT_SECONDS));
        } else if (claim != null) {
          becomeMaster(claim.reason());
        }
      }
      case ANNOUNCE -> {
        if (late) {
          arm(TimerKind.ANNOUNCE, now + config.scaledNanos(CLAIM_ALIVE_SECONDS));
        } else {
          announce();
        }
      }
      case CHECK_ADDRESSES -> effects.add(new CheckAddresses());
      case FORGET_SEND_ERRORS -> forgetSendErrors();
      case ORCHESTRATOR -> demote(CarpMachine.CAUSE_ORCHESTRATOR_SILENT, OWN_DEMOTION, false);
    }
  }

  void onHeard(IpAddress source, Advertisement heard) {
    if (heard.interval256() <= ownInterval256()) {
      better = new BetterPeer(source, now);
    }
    switch (role) {
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
      if (claim != null && claim.besideMaster()) {
        suspect(Suspicion.CLAIM_CONTRADICTED);
        holdBack();
      }
      // Better or worse: somebody serves, so wait another dead time.
      dropClaim();
      armMasterDown();
    } else if (claim == null) {
      takeOverFrom(source, heard, reason);
    } else if (!heard.leaving() && reassertDue()) {
      // Perhaps a third node claims as well, and our claim passed before it began.
      sendAdvertisement();
    }
  }

  private void takeOverFrom(IpAddress source, Advertisement heard, Reason reason) {
    boolean tooEarly = notBefore.listening(now);
    boolean held = notBefore.heldBack(now, reason == Reason.PREEMPTING && !heard.leaving());
    if (held && !tooEarly) {
      suspect(Suspicion.HELD_BACK);
    }
    boolean betterServes =
        better != null && better.servesBeside(source, now, config.scaledNanos(BETTER_SECONDS));
    if (!tooEarly && !held && !betterServes && demotions.eligible()) {
      claim(reason, CLAIM_ALIVE_SECONDS);
    } else if (!heard.leaving()) {
      // It is slow, but it serves. One that leaves does not: the timer goes on.
      armMasterDown();
    }
  }

  private void onHeardAsMaster(Advertisement heard) {
    if (heard.interval256() <= ownInterval256()) {
      // Equal counts as better: both kernels yield, and whoever hears nothing any more stays.
      notBefore = notBefore.preempt(now + config.scaledNanos(HOLD_SECONDS));
      if (now - masterSinceNanos < config.masterDownNanos()) {
        // The takeover was a mistake that only a peer slow to answer let through.
        holdBack();
      }
      becomeBackup(Reason.MORE_FREQUENT_HEARD);
      return;
    }
    if (heard.leaving()) {
      return;
    }
    if (reassertDue()) {
      suspect(Suspicion.ANOTHER_MASTER);
      advertise();
      restartAnnouncing();
    }
  }

  /// Whether an answer out of turn is within its bound; counts as given then.
  private boolean reassertDue() {
    boolean due = now - advertised.outOfTurnNanos() >= config.scaledNanos(REASSERT_SECONDS);
    advertised = due ? advertised.outOfTurn(now) : advertised;
    return due;
  }

  private @Nullable Reason reasonToTakeOver(Advertisement heard) {
    int theirs = heard.interval256();
    if (theirs > ownInterval256() && preempts(heard)) {
      return Reason.PREEMPTING;
    }
    if (theirs > 3 * 256 * config.advbase() + effectiveSkew()) {
      return Reason.MASTER_WILL_TIME_OUT;
    }
    if (claim != null && claim.outrunsSlower() && theirs > ownInterval256()) {
      // No contradiction: a slower master yields to the claim as soon as it hears it. This may have
      // been sent before the leave marker, which overtook it.
      return claim.reason();
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
    sendHealth = sendHealth.taken();
    if (sendHealth.recovered()) {
      forgetSendErrors();
    }
  }

  private void forgetSendErrors() {
    sendHealth = SendHealth.GOOD;
    clear(CarpMachine.CAUSE_SEND_ERROR);
  }

  void onAddressesFree() {
    if (role == Role.BACKUP) {
      clear(CarpMachine.CAUSE_ADDRESS);
    }
  }

  void onNotSent() {
    boolean failedBefore = sendHealth.failing();
    sendHealth = sendHealth.refused();
    if (sendHealth.failing() && !failedBefore) {
      demote(CarpMachine.CAUSE_SEND_ERROR, OWN_DEMOTION, false);
    }
    if (claim != null && claim.besideMaster()) {
      // A master lives and cannot contradict what it does not hear.
      dropClaimAndListen();
      holdBack();
    }
  }

  void onDuplicate() {
    suspect(Suspicion.DUPLICATE_ADDRESS);
    if (role == Role.MASTER && holding) {
      restartAnnouncing();
    }
  }

  void demote(String cause, int amount, boolean ineligible) {
    change(cause, demotions.with(cause, new Demotion(amount, ineligible)));
  }

  void clear(String cause) {
    change(cause, demotions.without(cause));
  }

  private void change(String cause, Demotions next) {
    if (next.equals(demotions)) {
      return;
    }
    int before = effectiveSkew();
    int delta = next.total() - demotions.total();
    demotions = next;
    if (delta != 0) {
      effects.add(new ReportDemotion(delta, next.total(), cause));
    }
    if (!next.eligible()) {
      dropClaimAndListen();
      if (role == Role.MASTER) {
        resign(Reason.NOT_ELIGIBLE);
        return;
      }
    }
    if (role == Role.MASTER && effectiveSkew() != before) {
      if (cause.equals(CarpMachine.CAUSE_ADDRESS)) {
        // The answer to a hold must not ask for the next one.
        sendAndArm();
      } else {
        advertise();
      }
    }
  }

  void onResign(long holdNanos) {
    notBefore = notBefore.preempt(now + Math.max(holdNanos, config.masterDownNanos()));
    dropClaimAndListen();
    if (role == Role.MASTER) {
      resign(Reason.RESIGNED);
    }
  }

  /// The leave marker first: the address that goes may be the only one it can be sent from. Whoever
  /// takes over claims for [CarpMachine#CLAIM_ALIVE_SECONDS] before it holds the address.
  private void resign(Reason reason) {
    bowOut();
    becomeBackup(reason);
  }

  void onMasterRequested() {
    if (role == Role.BACKUP && demotions.eligible()) {
      claim(Reason.USER_REQUESTED, CLAIM_ALIVE_SECONDS);
    }
  }

  void onReported(boolean up, long withinNanos) {
    servicesUp = up;
    arm(TimerKind.ORCHESTRATOR, now + withinNanos);
    clear(CarpMachine.CAUSE_ORCHESTRATOR_SILENT);
    if (role != Role.MASTER || !config.addressWhenReady()) {
      return;
    }
    if (up && !holding) {
      holdIfDue();
      restartAnnouncing();
    } else if (!up) {
      release();
    }
  }

  void onStop() {
    if (role == Role.MASTER && servicesUp) {
      // A restart: the role is not given away while the services are up. If no process comes back,
      // the kernel drops the addresses and the peer takes over as after a crash.
      advertise();
    } else {
      if (role == Role.MASTER || claim != null) {
        bowOut();
      }
      becomeInit(Reason.STOPPED);
    }
    timers = timers.withoutAny();
    stopped = true;
  }

  // --- the moves ---

  private void claim(Reason reason, double seconds) {
    if (!demotions.eligible()) {
      // Listening goes on; nothing else may happen while a cause rules out MASTER.
      armMasterDown();
      return;
    }
    claim = Claim.of(reason);
    cancel(TimerKind.MASTER_DOWN);
    sendAdvertisement();
    arm(TimerKind.CLAIM, now + config.scaledNanos(seconds));
  }

  private void holdBack() {
    notBefore = notBefore.claim(now + config.scaledNanos(HOLD_SECONDS));
  }

  private void dropClaim() {
    claim = null;
    cancel(TimerKind.CLAIM);
  }

  private void dropClaimAndListen() {
    if (claim != null) {
      dropClaim();
      armMasterDown();
    }
  }

  private void listenAnew() {
    suspect(Suspicion.CLOCK_LATE);
    dropClaim();
    notBefore = notBefore.listenUntil(now + config.masterDownNanos());
    armMasterDown();
  }

  private void becomeMaster(Reason reason) {
    dropClaim();
    // Again, unless the claim was on the wire just now: it began the interval.
    arm(TimerKind.ADVERTISE, advertised.lastNanos() + config.intervalNanos(effectiveSkew()));
    role = Role.MASTER;
    masterSinceNanos = now;
    holdIfDue();
    restartAnnouncing();
    effects.add(new ReportTransition(Role.BACKUP, Role.MASTER, reason));
  }

  private void becomeBackup(Reason reason) {
    release();
    cancel(TimerKind.ADVERTISE, TimerKind.ANNOUNCE);
    become(Role.BACKUP, reason);
    armMasterDown();
  }

  private void becomeInit(Reason reason) {
    release();
    dropClaim();
    cancel(TimerKind.ADVERTISE, TimerKind.ANNOUNCE, TimerKind.MASTER_DOWN);
    become(Role.INIT, reason);
  }

  private void become(Role next, Reason reason) {
    if (role != next) {
      effects.add(new ReportTransition(role, next, reason));
      role = next;
    }
  }

  private void holdIfDue() {
    if (role == Role.MASTER && (servicesUp || !config.addressWhenReady())) {
      holding = true;
      effects.add(new HoldAddresses(config.leaseSeconds(effectiveSkew())));
    }
  }

  private void release() {
    cancel(TimerKind.RENEW);
    if (holding) {
      holding = false;
      effects.add(new ReleaseAddresses());
    }
  }

  private void restartAnnouncing() {
    announcements = announcements.restarted();
    if (now - announcements.lastNanos() >= config.scaledNanos(ANNOUNCE_SECONDS)) {
      announce();
    } else if (holding) {
      arm(TimerKind.ANNOUNCE, now + SECOND);
    }
  }

  private void announce() {
    if (!holding) {
      return;
    }
    effects.add(new AnnounceAddresses());
    arm(TimerKind.ANNOUNCE, now + announcements.gapSeconds() * SECOND);
    announcements = announcements.made(now);
  }

  /// One advertisement, and the lease of the addresses renewed: they go together, so that an
  /// interval that grew or began anew does not outlast the lease.
  private void advertise() {
    sendAndArm();
    holdIfDue();
  }

  private void sendAndArm() {
    sendAdvertisement();
    arm(TimerKind.ADVERTISE, now + config.intervalNanos(effectiveSkew()));
  }

  private void sendAdvertisement() {
    advertised = advertised.at(now);
    for (var family : config.families()) {
      effects.add(
          new SendAdvertisement(
              family,
              new Advertisement(
                  config.vhid(), config.advbase(), effectiveSkew(), 0, nextRandom())));
    }
  }

  private void bowOut() {
    for (var family : config.families()) {
      effects.add(new SendAdvertisement(family, Advertisement.bowOut(config.vhid(), nextRandom())));
    }
  }

  private void armMasterDown() {
    long jitter = Long.remainderUnsigned(nextRandom(), config.scaledNanos(JITTER_SECONDS));
    arm(TimerKind.MASTER_DOWN, now + config.masterDownNanos() + jitter);
  }

  private void arm(TimerKind kind, long deadlineNanos) {
    timers = timers.with(kind, deadlineNanos);
    effects.add(new ArmTimer(kind, deadlineNanos, timers.lastToken()));
  }

  private void cancel(TimerKind... kinds) {
    timers = timers.without(kinds);
  }

  private void suspect(Suspicion suspicion) {
    effects.add(new ReportSuspicion(suspicion));
  }

  private int effectiveSkew() {
    return config.effectiveSkew(demotions.total());
  }

  private int ownInterval256() {
    return config.advbase() * 256 + effectiveSkew();
  }

  private long nextRandom() {
    random = random.next();
    return random.value();
  }
}
