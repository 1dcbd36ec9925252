package carpool.election.core;

import carpool.election.core.CarpEffect.ArmTimer;
import carpool.election.core.CarpEffect.SendAdvertisement;
import carpool.election.core.wire.Advertisement;
import carpool.election.core.wire.IpAddress;
import carpool.election.core.wire.IpFamily;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// One machine and a hand that moves its clock: fires timers when due, answers sends and holds.
final class Bench {
  static final long SECOND = 1_000_000_000L;
  static final IpAddress PEER = IpAddress.parse("10.77.0.2");

  private final List<CarpEffect> effects = new ArrayList<>();
  private final List<Change> changes = new ArrayList<>();
  private CarpState state;
  private long now;
  private boolean sendsFail;
  private boolean addressTaken;
  private long counter = 1;

  /// A change of role.
  ///
  /// @param seconds on the bench's clock
  record Change(double seconds, Role to, Reason reason) {}

  private Bench(CarpState state) {
    this.state = state;
  }

  static CarpConfig config(int advbase, int advskew, boolean preempt) {
    return config(advbase, advskew, preempt ? Preempt.SLOWER : Preempt.NEVER);
  }

  static CarpConfig config(int advbase, int advskew, Preempt preempt) {
    return new CarpConfig(
        1, advbase, advskew, preempt, new TreeSet<>(Set.of(IpFamily.IPV4)), false);
  }

  static Bench inInit(CarpConfig config) {
    return new Bench(CarpState.initial(config, Demotions.none(), 42, 0));
  }

  /// In the place of a process that advertised last so many seconds ago, as MASTER with its
  /// services up.
  static Bench resuming(CarpConfig config, double secondsAgo) {
    long sent = -(long) (secondsAgo * SECOND);
    return new Bench(CarpState.resuming(config, 42, 0, sent));
  }

  /// Listening, and past the time in which nothing makes it MASTER.
  static Bench asBackup(CarpConfig config) {
    var bench = inInit(config);
    bench.link(true);
    // A better master is heard until the listening time is over.
    for (int i = 0; i < 4 * config.advbase(); i++) {
      bench.pass(1.0);
      bench.hears(config.advbase(), 0);
    }
    bench.takeEffects();
    return bench;
  }

  static Bench asMaster(CarpConfig config) {
    var bench = inInit(config);
    bench.link(true);
    bench.pass(4.0 * config.advbase() + 1);
    if (bench.role() != Role.MASTER) {
      throw new AssertionError("not MASTER: " + bench.state);
    }
    bench.takeEffects();
    return bench;
  }

  CarpState state() {
    return state;
  }

  Role role() {
    return state.role();
  }

  double seconds() {
    return (double) now / SECOND;
  }

  void link(boolean up) {
    step(new CarpEvent.LinkChanged(now, up));
  }

  void hears(int advbase, int advskew) {
    step(
        new CarpEvent.AdvertisementHeard(
            now, PEER, new Advertisement(1, advbase, advskew, 0, counter++)));
  }

  void hears(IpAddress source, Advertisement heard) {
    step(new CarpEvent.AdvertisementHeard(now, source, heard));
  }

  void event(java.util.function.LongFunction<CarpEvent> at) {
    step(at.apply(now));
  }

  /// From now on every send is refused, as by a packet filter, or no longer.
  void sendsFail(boolean fail) {
    sendsFail = fail;
  }

  /// From now on somebody else's address is on the interface, or no longer.
  void addressTaken(boolean taken) {
    addressTaken = taken;
  }

  /// Lets time pass; timers fire in order, each at its time.
  void pass(double seconds) {
    long end = now + (long) (seconds * SECOND);
    while (true) {
      var due =
          state.timers().armed().values().stream()
              .filter(timer -> timer.deadlineNanos() <= end)
              .min(java.util.Comparator.comparingLong(Timers.Timer::deadlineNanos));
      if (due.isEmpty()) {
        now = end;
        return;
      }
      now = Math.max(now, due.get().deadlineNanos());
      step(new CarpEvent.TimerFired(now, due.get().token()));
    }
  }

  /// Time passes and nothing runs, as under SIGSTOP; then all overdue timers fire at once.
  void stall(double seconds) {
    now += (long) (seconds * SECOND);
    var overdue =
        state.timers().armed().values().stream()
            .filter(timer -> timer.deadlineNanos() <= now)
            .map(Timers.Timer::token)
            .toList();
    overdue.forEach(token -> step(new CarpEvent.TimerFired(now, token)));
  }

  /// What was asked for since the last call, without the timers.
  List<CarpEffect> takeEffects() {
    var out = effects.stream().filter(effect -> !(effect instanceof ArmTimer)).toList();
    effects.clear();
    return out;
  }

  /// The same, as words: `send 1/0`, `hold`, `release`, `announce`, `BACKUP->MASTER (…)`, …
  List<String> takeTrace() {
    return takeEffects().stream().map(Bench::words).toList();
  }

  static String words(CarpEffect effect) {
    return switch (effect) {
      case SendAdvertisement(_, var ad) -> "send " + ad.advbase() + "/" + ad.advskew();
      case ArmTimer(var kind, _, _) -> "arm " + kind;
      case CarpEffect.HoldAddresses(var lease) -> "hold " + lease + "s";
      case CarpEffect.ReleaseAddresses _ -> "release";
      case CarpEffect.CheckAddresses _ -> "check";
      case CarpEffect.AnnounceAddresses _ -> "announce";
      case CarpEffect.ReportTransition(var from, var to, var why) ->
          from + "->" + to + " (" + why.text() + ")";
      case CarpEffect.ReportDemotion(var delta, var total, var cause) ->
          "demoted by " + delta + " to " + total + " (" + cause + ")";
      case CarpEffect.ReportSuspicion(var suspicion) -> "suspect " + suspicion.label();
    };
  }

  /// Every change of role since the beginning.
  List<Change> changes() {
    return List.copyOf(changes);
  }

  private void step(CarpEvent event) {
    var step = CarpMachine.step(state, event);
    state = step.next();
    effects.addAll(step.effects());
    check();
    for (var effect : step.effects()) {
      if (effect instanceof SendAdvertisement send && !send.advertisement().leaving()) {
        step(
            sendsFail
                ? new CarpEvent.AdvertisementNotSent(now, send.family())
                : new CarpEvent.AdvertisementSent(now, send.family()));
      } else if (effect instanceof CarpEffect.HoldAddresses) {
        step(addressTaken ? new CarpEvent.AddressesNotHeld(now) : new CarpEvent.AddressesHeld(now));
      } else if (effect instanceof CarpEffect.CheckAddresses && !addressTaken) {
        step(new CarpEvent.AddressesFree(now));
      } else if (effect instanceof CarpEffect.ReportTransition(_, var to, var why)) {
        changes.add(new Change(seconds(), to, why));
      }
    }
  }

  /// The invariants of the machine's class comment.
  private void check() {
    Role role = state.role();
    boolean holds =
        (!state.holding() || role == Role.MASTER)
            && (state.claim() == null || role == Role.BACKUP)
            && (state.demotions().eligible() || role != Role.MASTER)
            && (role != Role.INIT
                || state.timers().armed().keySet().stream()
                    .allMatch(TimerKind.ORCHESTRATOR::equals))
            && (role != Role.BACKUP
                || state.timers().armed().containsKey(TimerKind.MASTER_DOWN)
                || state.timers().armed().containsKey(TimerKind.CLAIM))
            && (role != Role.MASTER
                || state.stopped() // left to the next process
                || state.timers().armed().containsKey(TimerKind.ADVERTISE));
    if (!holds) {
      throw new AssertionError("invariant broken in " + state);
    }
  }
}
