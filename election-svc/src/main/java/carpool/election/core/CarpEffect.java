package carpool.election.core;

import carpool.election.core.wire.Advertisement;
import carpool.election.core.wire.IpFamily;

/// What the shell must do, in the order given.
public sealed interface CarpEffect {

  /// Send one packet. Answered by [CarpEvent.AdvertisementSent] or
  /// [CarpEvent.AdvertisementNotSent]; a leave marker is not answered.
  record SendAdvertisement(IpFamily family, Advertisement advertisement) implements CarpEffect {}

  /// Fire [CarpEvent.TimerFired] with this token at this time. Replaces an older timer of the kind.
  record ArmTimer(TimerKind kind, long deadlineNanos, long token) implements CarpEffect {}

  /// Make sure every virtual address is on the interface, and that the kernel takes it away by
  /// itself this long from now. Idempotent; renewed with each advertisement. Answered by
  /// [CarpEvent.AddressesHeld] or [CarpEvent.AddressesNotHeld].
  record HoldAddresses(int leaseSeconds) implements CarpEffect {}

  /// As BACKUP: look whether the addresses could be held, and change nothing. Answered by
  /// [CarpEvent.AddressesFree] if they could, else not at all.
  record CheckAddresses() implements CarpEffect {}

  /// Take the addresses off the interface, before anything slow. Must not fail quietly.
  record ReleaseAddresses() implements CarpEffect {}

  /// Tell the neighbours where the addresses are: gratuitous ARP, unsolicited NA. Best effort.
  record AnnounceAddresses() implements CarpEffect {}

  /// Publish a change of role. The address was added or removed before.
  record ReportTransition(Role from, Role to, Reason reason) implements CarpEffect {}

  /// Publish a change of demotion: `demoted by DELTA to TOTAL (CAUSE)`.
  record ReportDemotion(int delta, int total, String cause) implements CarpEffect {}

  /// Count and perhaps log something an operator may want to look into.
  record ReportSuspicion(Suspicion suspicion) implements CarpEffect {}
}
