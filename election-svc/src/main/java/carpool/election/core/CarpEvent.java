package carpool.election.core;

import carpool.election.core.wire.Advertisement;
import carpool.election.core.wire.IpAddress;
import carpool.election.core.wire.IpFamily;

/// Everything that can happen to one group. The shell turns sockets, link state, calls and timers
/// into these values; nothing else reaches the machine.
public sealed interface CarpEvent {

  /// The shell's monotonic clock in nanoseconds; may be negative, only differences count.
  long nowNanos();

  /// The interface below gained or lost what it takes to send: up, running, carrier.
  record LinkChanged(long nowNanos, boolean up) implements CarpEvent {}

  /// A timer asked for by [CarpEffect.ArmTimer] has run out.
  record TimerFired(long nowNanos, long token) implements CarpEvent {}

  /// An advertisement that passed every check of [Inbound].
  record AdvertisementHeard(long nowNanos, IpAddress source, Advertisement heard)
      implements CarpEvent {}

  /// The answer to [CarpEffect.SendAdvertisement].
  record AdvertisementSent(long nowNanos, IpFamily family) implements CarpEvent {}

  /// The answer to [CarpEffect.SendAdvertisement] when the kernel refused.
  record AdvertisementNotSent(long nowNanos, IpFamily family) implements CarpEvent {}

  /// The answer to [CarpEffect.HoldAddresses].
  record AddressesHeld(long nowNanos) implements CarpEvent {}

  /// The answer to [CarpEffect.HoldAddresses] when at least one address could not be added.
  record AddressesNotHeld(long nowNanos) implements CarpEvent {}

  /// [CarpEffect.CheckAddresses] found nothing in the way.
  record AddressesFree(long nowNanos) implements CarpEvent {}

  /// Somebody else answers for one of our addresses.
  record DuplicateAddressSeen(long nowNanos) implements CarpEvent {}

  /// A cause of demotion was added or its amount changed.
  ///
  /// @param amount 0..255
  /// @param ineligible also suppress every path to MASTER while the cause stands
  record DemotionSet(long nowNanos, String cause, int amount, boolean ineligible)
      implements CarpEvent {}

  /// A cause of demotion was taken back.
  record DemotionCleared(long nowNanos, String cause) implements CarpEvent {}

  /// Give the role away and do not preempt for a while.
  ///
  /// @param holdNanos how long not to preempt; at least the master-down interval is taken
  record ResignRequested(long nowNanos, long holdNanos) implements CarpEvent {}

  /// Become MASTER now, as `ifconfig … state master` does; ignored in INIT and when not eligible.
  record MasterRequested(long nowNanos) implements CarpEvent {}

  /// The orchestrator spoke: it lives, and says whether the services are up.
  ///
  /// @param nextWithinNanos how long it may be silent from now on
  record ReadinessReported(long nowNanos, boolean servicesUp, long nextWithinNanos)
      implements CarpEvent {}

  /// The process stops in order: leave at once.
  record StopRequested(long nowNanos) implements CarpEvent {}
}
