package carpool.election.core;

import carpool.election.core.CarpEvent.AddressesFree;
import carpool.election.core.CarpEvent.AddressesHeld;
import carpool.election.core.CarpEvent.AddressesNotHeld;
import carpool.election.core.CarpEvent.AdvertisementHeard;
import carpool.election.core.CarpEvent.AdvertisementNotSent;
import carpool.election.core.CarpEvent.AdvertisementSent;
import carpool.election.core.CarpEvent.DemotionCleared;
import carpool.election.core.CarpEvent.DemotionSet;
import carpool.election.core.CarpEvent.DuplicateAddressSeen;
import carpool.election.core.CarpEvent.LinkChanged;
import carpool.election.core.CarpEvent.MasterRequested;
import carpool.election.core.CarpEvent.ReadinessReported;
import carpool.election.core.CarpEvent.ResignRequested;
import carpool.election.core.CarpEvent.StopRequested;
import carpool.election.core.CarpEvent.TimerFired;
import java.util.List;

/// CARP as FreeBSD 10 and later speak it (freebsd/freebsd-src:sys/netinet/ip_carp.c), for one
/// group.
///
/// States: INIT (cannot send, or stopped), BACKUP (silent, listening), MASTER (advertising). Rules
/// kept from the kernel: dead time and comparison (carp.md 2.1), yield on equality (2.3), any valid
/// advertisement re-arms a backup that does not want to take over (2.2), one extra advertisement
/// when demotion changes, demotion after three refused sends and back after three good ones.
///
/// Where this machine is stricter, and why:
///
/// 1. **Claim before mastership.** A takeover puts its advertisement on the wire and becomes MASTER
///    only when nobody contradicted for [#CLAIM_SILENT_SECONDS] (after silence) or
///    [#CLAIM_ALIVE_SECONDS] (the old master was heard just now). On the wire it looks as always;
///    but two of these nodes never hold the role together, a forged leave marker does not make a
///    second master, and packets still queued after a pause are read before anything is decided.
/// 2. **A master answers a slower one at once**, at most once per [#REASSERT_SECONDS] (less than
///    any claim lasts), not with its next regular advertisement. This is what contradicts a claim,
///    and heals a partition in milliseconds. A claiming node answers a slower one in the same way.
///    A slower advertisement is no reason to take over while a better one from somebody else was
///    heard within [#BETTER_SECONDS]: with three nodes it is a rival's claim, or late.
/// 3. **Listens a full dead time** after INIT and after a pause, also with preempt.
/// 4. **Flapping is bounded.** Having lost the role to an advertisement, or having been
///    contradicted, a node takes over by advertisement (preempt, will time out) not before
///    [#HOLD_SECONDS]; by silence it still may, after a full dead time. Yielding is never put off:
///    two masters are worse.
/// 5. **Late clock.** A master that did not run for three times advbase gives up the address before
///    anything else: a peer may have taken over. A backup whose timer fires late listens anew. The
///    kernel drops the addresses of a process that is stopped or killed by itself, after two times
///    advbase: they are renewed with each advertisement.
/// 6. **One dead timer for both families**: the kernel has one each, so that a peer silent in one
///    family only makes the role flap every three seconds.
/// 7. **Counters are random in every packet** (the kernel's habit before it has heard a peer),
///    never the peer's value plus one: two masters that were apart would otherwise count in step
///    and take each other's packets for replays.
///
/// 8. **A restart is no handover.** A process that is told to stop as MASTER while the orchestrator
///    reports its services up advertises once more and leaves the address to its lease. The next
///    process goes on as MASTER when it is there before a peer may have taken over.
///
/// Seconds above are for advbase 1 and scale with it.
///
/// Invariants: addresses are held only as MASTER; a claim exists only in BACKUP; an ineligible node
/// is not MASTER after any step; INIT has no timers but the orchestrator's.
public final class CarpMachine {
  static final double CLAIM_SILENT_SECONDS = 0.02;
  static final double CLAIM_ALIVE_SECONDS = 0.1;
  static final double REASSERT_SECONDS = 0.01;
  static final double ANNOUNCE_SECONDS = 0.25;
  static final double BETTER_SECONDS = 2;
  static final double HOLD_SECONDS = 10;
  static final double JITTER_SECONDS = 0.1;
  static final double LATE_SECONDS = 0.5;

  /// What the interface, refused sends, a silent orchestrator or a missing address weigh: the
  /// kernels' 240, which makes the node worse than any undemoted one.
  public static final int OWN_DEMOTION = 240;

  /// Causes this machine sets by itself.
  public static final String CAUSE_SEND_ERROR = "send-error";

  public static final String CAUSE_ORCHESTRATOR_SILENT = "orchestrator-silent";
  public static final String CAUSE_ADDRESS = "address";

  private CarpMachine() {}

  /// The next state and what to do about it. Pure.
  public static Transition step(CarpState state, CarpEvent event) {
    if (state.stopped()) {
      return new Transition(state, List.of());
    }
    var step = new CarpStep(state, event.nowNanos());
    step.assumeOutlivedIfLate();
    switch (event) {
      case LinkChanged(_, var up) -> step.onLink(up);
      case TimerFired(_, var token) -> step.onTimer(token);
      case AdvertisementHeard(_, var source, var heard) -> step.onHeard(source, heard);
      case AdvertisementSent _ -> step.onSent();
      case AdvertisementNotSent _ -> step.onNotSent();
      case AddressesHeld _ -> step.clear(CAUSE_ADDRESS);
      case AddressesFree _ -> step.onAddressesFree();
      case AddressesNotHeld _ -> step.demote(CAUSE_ADDRESS, OWN_DEMOTION, false);
      case DuplicateAddressSeen _ -> step.onDuplicate();
      case DemotionSet(_, var cause, var amount, var ineligible) ->
          step.demote(cause, amount, ineligible);
      case DemotionCleared(_, var cause) -> step.clear(cause);
      case ResignRequested(_, var holdNanos) -> step.onResign(holdNanos);
      case MasterRequested _ -> step.onMasterRequested();
      case ReadinessReported(_, var servicesUp, var within) -> step.onReported(servicesUp, within);
      case StopRequested _ -> step.onStop();
    }
    return step.finish();
  }
}
