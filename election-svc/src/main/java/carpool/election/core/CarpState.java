package carpool.election.core;

import org.jspecify.annotations.Nullable;

/// One group at one moment. Immutable; made by [CarpMachine] only.
///
/// @param config unchanged for the life of the machine
/// @param role the role as published
/// @param masterSinceNanos when this node became MASTER last; meaningful while MASTER
/// @param linkUp whether the interface can send
/// @param stopped left for good
/// @param demotions what stands against this node
/// @param servicesUp what the orchestrator said last
/// @param holding the addresses are ours to have on the interface
/// @param claim the takeover under way; null when there is none
/// @param notBefore what must wait
/// @param better who is at least as good as this node; null when nobody was heard
/// @param timers what the group waits for
/// @param advertised when this node advertised
/// @param sendHealth whether the interface takes that
/// @param announcements what the neighbours were told
/// @param resumption the role of an earlier process, to go on with; null when there is none
/// @param random where counters and jitter come from
public record CarpState(
    CarpConfig config,
    Role role,
    long masterSinceNanos,
    boolean linkUp,
    boolean stopped,
    Demotions demotions,
    boolean servicesUp,
    boolean holding,
    @Nullable Claim claim,
    NotBefore notBefore,
    @Nullable BetterPeer better,
    Timers timers,
    Advertised advertised,
    SendHealth sendHealth,
    Announcements announcements,
    @Nullable Resumption resumption,
    SplitMix64 random) {

  private static final long HOUR = 3_600_000_000_000L;

  /// The state before the first event: INIT, link unknown and taken for down.
  ///
  /// @param seed for counters and jitter; different in each process
  /// @param nowNanos the shell's clock
  public static CarpState initial(
      CarpConfig config, Demotions demotions, long seed, long nowNanos) {
    return before(config, demotions, null, seed, nowNanos);
  }

  /// The state of a process that takes the place of one that was MASTER with its services up,
  /// before the first event. It goes on as MASTER when the interface can send before a peer may
  /// have taken over; else it begins like any other.
  ///
  /// @param sentNanos when the earlier process sent its last advertisement, by the shell's clock
  public static CarpState resuming(CarpConfig config, long seed, long nowNanos, long sentNanos) {
    var resumption = new Resumption(sentNanos + config.resumeNanos());
    return before(config, Demotions.none(), resumption, seed, nowNanos);
  }

  /// Before the first event. The services of a process that resumes are taken for up until the
  /// orchestrator speaks. Nobody was answered or told anything for long.
  private static CarpState before(
      CarpConfig config,
      Demotions demotions,
      @Nullable Resumption resumption,
      long seed,
      long nowNanos) {
    return new CarpState(
        config,
        Role.INIT,
        nowNanos,
        false,
        false,
        demotions,
        resumption != null,
        false,
        null,
        NotBefore.none(nowNanos),
        null,
        Timers.none(),
        new Advertised(nowNanos, nowNanos - HOUR),
        SendHealth.GOOD,
        new Announcements(nowNanos - HOUR, 0),
        resumption,
        new SplitMix64(seed));
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
