package carpool.election.core;

import static carpool.election.core.CarpMachine.ANNOUNCE_SECONDS;
import static carpool.election.core.CarpMachine.HOLD_SECONDS;
import static carpool.election.core.CarpMachine.JITTER_SECONDS;

import carpool.election.core.CarpEffect.AnnounceAddresses;
import carpool.election.core.CarpEffect.ArmTimer;
import carpool.election.core.CarpEffect.HoldAddresses;
import carpool.election.core.CarpEffect.ReleaseAddresses;
import carpool.election.core.CarpEffect.ReportSuspicion;
import carpool.election.core.CarpEffect.ReportTransition;
import carpool.election.core.CarpEffect.SendAdvertisement;
import carpool.election.core.wire.Advertisement;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The state that a step makes, and its effects: begins as the old state, and has what a group can
/// do to it (claim, become, hold, announce, advertise, arm). When it does what is decided by
/// [CarpStep]. The fields are those of [CarpState]. Lives within one call.
final class NextState {
  private static final long SECOND = 1_000_000_000L;

  private final CarpConfig config;
  private final long now;
  final List<CarpEffect> effects = new ArrayList<>();
  Role role;
  long masterSinceNanos;
  boolean linkUp;
  boolean stopped;
  Demotions demotions;
  boolean servicesUp;
  boolean holding;
  @Nullable Claim claim;
  NotBefore notBefore;
  @Nullable BetterPeer better;
  Timers timers;
  Advertised advertised;
  SendHealth sendHealth;
  private Announcements announcements;
  @Nullable Resumption resumption;
  private SplitMix64 random;

  NextState(CarpState state, long now) {
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

  void claim(Reason reason, double seconds) {
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

  void holdBack() {
    notBefore = notBefore.claim(now + config.scaledNanos(HOLD_SECONDS));
  }

  void dropClaim() {
    claim = null;
    cancel(TimerKind.CLAIM);
  }

  void dropClaimAndListen() {
    if (claim != null) {
      dropClaim();
      armMasterDown();
    }
  }

  void listenAnew() {
    suspect(Suspicion.CLOCK_LATE);
    dropClaim();
    notBefore = notBefore.listenUntil(now + config.masterDownNanos());
    armMasterDown();
  }

  void becomeMaster(Reason reason) {
    dropClaim();
    // Again, unless the claim was on the wire just now: it began the interval.
    arm(TimerKind.ADVERTISE, advertised.lastNanos() + config.intervalNanos(effectiveSkew()));
    role = Role.MASTER;
    masterSinceNanos = now;
    holdIfDue();
    restartAnnouncing();
    effects.add(new ReportTransition(Role.BACKUP, Role.MASTER, reason));
  }

  void becomeBackup(Reason reason) {
    release();
    cancel(TimerKind.ADVERTISE, TimerKind.ANNOUNCE);
    become(Role.BACKUP, reason);
    armMasterDown();
  }

  void becomeInit(Reason reason) {
    release();
    dropClaim();
    cancel(TimerKind.ADVERTISE, TimerKind.ANNOUNCE, TimerKind.MASTER_DOWN);
    become(Role.INIT, reason);
  }

  void become(Role next, Reason reason) {
    if (role != next) {
      effects.add(new ReportTransition(role, next, reason));
      role = next;
    }
  }

  void holdIfDue() {
    if (role == Role.MASTER && (servicesUp || !config.addressWhenReady())) {
      holding = true;
      effects.add(new HoldAddresses(config.leaseSeconds(effectiveSkew())));
    }
  }

  void release() {
    cancel(TimerKind.RENEW);
    if (holding) {
      holding = false;
      effects.add(new ReleaseAddresses());
    }
  }

  void restartAnnouncing() {
    announcements = announcements.restarted();
    if (now - announcements.lastNanos() >= config.scaledNanos(ANNOUNCE_SECONDS)) {
      announce();
    } else if (holding) {
      arm(TimerKind.ANNOUNCE, now + SECOND);
    }
  }

  void announce() {
    if (!holding) {
      return;
    }
    effects.add(new AnnounceAddresses());
    arm(TimerKind.ANNOUNCE, now + announcements.gapSeconds() * SECOND);
    announcements = announcements.made(now);
  }

  /// One advertisement, and the lease of the addresses renewed: they go together, so that an
  /// interval that grew or began anew does not outlast the lease.
  void advertise() {
    sendAndArm();
    holdIfDue();
  }

  void sendAndArm() {
    sendAdvertisement();
    arm(TimerKind.ADVERTISE, now + config.intervalNanos(effectiveSkew()));
  }

  void sendAdvertisement() {
    advertised = advertised.at(now);
    for (var family : config.families()) {
      effects.add(
          new SendAdvertisement(
              family,
              new Advertisement(
                  config.vhid(), config.advbase(), effectiveSkew(), 0, nextRandom())));
    }
  }

  void bowOut() {
    for (var family : config.families()) {
      effects.add(new SendAdvertisement(family, Advertisement.bowOut(config.vhid(), nextRandom())));
    }
  }

  void armMasterDown() {
    long jitter = Long.remainderUnsigned(nextRandom(), config.scaledNanos(JITTER_SECONDS));
    arm(TimerKind.MASTER_DOWN, now + config.masterDownNanos() + jitter);
  }

  void arm(TimerKind kind, long deadlineNanos) {
    timers = timers.with(kind, deadlineNanos);
    effects.add(new ArmTimer(kind, deadlineNanos, timers.lastToken()));
  }

  void cancel(TimerKind... kinds) {
    timers = timers.without(kinds);
  }

  void suspect(Suspicion suspicion) {
    effects.add(new ReportSuspicion(suspicion));
  }

  int effectiveSkew() {
    return config.effectiveSkew(demotions.total());
  }

  int ownInterval256() {
    return config.advbase() * 256 + effectiveSkew();
  }

  private long nextRandom() {
    random = random.next();
    return random.value();
  }
}
