package carpool.election.core;

import carpool.election.core.wire.IpAddress;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// One group at one moment. Immutable; made by [CarpMachine] only.
///
/// @param config unchanged for the life of the machine
/// @param role the role as published
/// @param linkUp whether the interface can send
/// @param stopped left for good
/// @param demotions what stands against this node
/// @param servicesUp what the orchestrator said last
/// @param holding the addresses are ours to have on the interface
/// @param claim the takeover whose advertisement is out and not yet contradicted; BACKUP only
/// @param claimExtensions how often the present claim was prolonged because its timer came late
/// @param betterSource who advertised last that it is at least as good as this node
/// @param betterHeardNanos when
/// @param timers token and deadline of each armed timer
/// @param lastToken tokens count up from here; never reused
/// @param random state of the generator that counters and jitter come from
/// @param lastSentNanos when our last advertisement was asked for; meaningful while MASTER
/// @param listenUntilNanos no takeover by advertisement before this
/// @param preemptNotBeforeNanos no preemption before this: the role was lost or given away just now
/// @param claimNotBeforeNanos no takeover by advertisement at all before this: one was contradicted
/// @param masterSinceNanos when this node became MASTER last; meaningful while MASTER
/// @param reassertedNanos when we last answered a slower master out of turn
/// @param announcedNanos when the neighbours were told last
/// @param announceStep how many announcements of the present mastership were made
/// @param resumes an earlier process was MASTER a moment ago, and this one has not had a link yet
/// @param resumeUntilNanos until when it may go on with that role
/// @param sendFailures consecutive refusals; not counted past the threshold
/// @param sendSuccesses consecutive successes since the threshold was passed
public record CarpState(
    CarpConfig config,
    Role role,
    boolean linkUp,
    boolean stopped,
    Demotions demotions,
    boolean servicesUp,
    boolean holding,
    @Nullable Reason claim,
    int claimExtensions,
    @Nullable IpAddress betterSource,
    long betterHeardNanos,
    SortedMap<TimerKind, Timer> timers,
    long lastToken,
    long random,
    long lastSentNanos,
    long listenUntilNanos,
    long preemptNotBeforeNanos,
    long claimNotBeforeNanos,
    long masterSinceNanos,
    long reassertedNanos,
    long announcedNanos,
    int announceStep,
    boolean resumes,
    long resumeUntilNanos,
    int sendFailures,
    int sendSuccesses) {

  /// An armed timer.
  public record Timer(long token, long deadlineNanos) {}

  public CarpState {
    timers = Collections.unmodifiableSortedMap(new TreeMap<>(timers));
  }

  /// The state before the first event: INIT, link unknown and taken for down.
  ///
  /// @param seed for counters and jitter; different in each process
  /// @param nowNanos the shell's clock
  public static CarpState initial(
      CarpConfig config, Demotions demotions, long seed, long nowNanos) {
    return new CarpState(
        config,
        Role.INIT,
        false,
        false,
        demotions,
        false,
        false,
        null,
        0,
        null,
        nowNanos,
        Collections.emptySortedMap(),
        0,
        seed,
        nowNanos,
        nowNanos,
        nowNanos,
        nowNanos,
        nowNanos,
        nowNanos - 3_600_000_000_000L,
        nowNanos - 3_600_000_000_000L,
        0,
        false,
        nowNanos,
        0,
        0);
  }

  /// The state of a process that takes the place of one that was MASTER with its services up,
  /// before the first event. It goes on as MASTER when the interface can send before a peer may
  /// have taken over; else it begins like any other.
  ///
  /// @param sentNanos when the earlier process sent its last advertisement, by the shell's clock
  public static CarpState resuming(CarpConfig config, long seed, long nowNanos, long sentNanos) {
    var fresh = initial(config, Demotions.none(), seed, nowNanos);
    return new CarpState(
        config,
        fresh.role,
        fresh.linkUp,
        fresh.stopped,
        fresh.demotions,
        true,
        fresh.holding,
        fresh.claim,
        fresh.claimExtensions,
        fresh.betterSource,
        fresh.betterHeardNanos,
        fresh.timers,
        fresh.lastToken,
        fresh.random,
        fresh.lastSentNanos,
        fresh.listenUntilNanos,
        fresh.preemptNotBeforeNanos,
        fresh.claimNotBeforeNanos,
        fresh.masterSinceNanos,
        fresh.reassertedNanos,
        fresh.announcedNanos,
        fresh.announceStep,
        true,
        sentNanos + config.resumeNanos(),
        fresh.sendFailures,
        fresh.sendSuccesses);
  }

  /// Skew as advertised now.
  public int effectiveSkew() {
    return config.effectiveSkew(demotions.total());
  }

  /// The status line of the kernels; the skew shown is the configured one, as theirs.
  public String line() {
    return "carp: %s vhid %d advbase %d advskew %d"
        .formatted(role, config.vhid(), config.advbase(), config.advskew());
  }
}
