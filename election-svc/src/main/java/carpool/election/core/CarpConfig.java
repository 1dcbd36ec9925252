package carpool.election.core;

import carpool.election.core.wire.IpFamily;
import java.util.SortedSet;

/// What a group's machine needs to know. Equal on all nodes of the group except `advskew`.
///
/// @param vhid 1..255
/// @param advbase seconds, 1..255
/// @param advskew as configured for this node, 1/256 s, 0..254
/// @param preempt from which living master to take over
/// @param families the families advertised in: those of the virtual addresses
/// @param addressWhenReady the address waits for [CarpEvent.ReadinessReported], not only for MASTER
public record CarpConfig(
    int vhid,
    int advbase,
    int advskew,
    Preempt preempt,
    SortedSet<IpFamily> families,
    boolean addressWhenReady) {

  private static final double RESUME_MARGIN_SECONDS = 0.2;
  private static final long SECOND = 1_000_000_000L;

  /// Highest skew ever advertised: a demoted node is still better than a leaving one.
  public static final int EFFECTIVE_SKEW_MAX = 240;

  public CarpConfig {
    requireRange("vhid", vhid, 1, 255);
    requireRange("advbase", advbase, 1, 255);
    requireRange("advskew", advskew, 0, 254);
    if (families.isEmpty()) {
      throw new IllegalArgumentException("a group needs an address of at least one family");
    }
  }

  /// Skew advertised and compared with. FreeBSD clamps an undemoted 241..254 to 240 as well; here
  /// it stays below, because 240 is how the other node knows a master that is demoted, and whose
  /// life therefore says nothing about its copy.
  int effectiveSkew(int demotion) {
    return demotion == 0
        ? Math.min(advskew, EFFECTIVE_SKEW_MAX - 1)
        : Math.clamp((long) advskew + demotion, 0, EFFECTIVE_SKEW_MAX);
  }

  /// Time between two advertisements of ours.
  long intervalNanos(int effectiveSkew) {
    return skewed(advbase, effectiveSkew);
  }

  /// How long silence lasts before this node takes over, without jitter; own, undemoted values
  /// (carp.md fact 7).
  public long masterDownNanos() {
    return skewed(3L * advbase, advskew);
  }

  /// The least time after our last advertisement at which a peer with our advbase may have taken
  /// over: it may have skew 0 and no jitter.
  long outlivedNanos() {
    return 3L * advbase * SECOND;
  }

  /// How long after the last advertisement of an earlier process this one may go on as MASTER: its
  /// own first advertisement has to arrive before a peer may have taken over.
  public long resumeNanos() {
    return outlivedNanos() - scaledNanos(RESUME_MARGIN_SECONDS);
  }

  /// Whole seconds for which the kernel keeps an address that is not renewed with the next
  /// advertisement. It takes up to a quarter second more (`ADDRCONF_TIMER_FUZZ`), so at twice
  /// advbase the address of a killed process is gone before a peer takes over; only a node demoted
  /// so far that its interval comes near that needs a third second.
  int leaseSeconds(int effectiveSkew) {
    boolean near = intervalNanos(effectiveSkew) + SECOND / 4 > 2L * advbase * SECOND;
    return near ? 3 * advbase : 2 * advbase;
  }

  /// A part of advbase: `seconds` for advbase 1, in proportion for others.
  long scaledNanos(double seconds) {
    return (long) (seconds * advbase * SECOND);
  }

  private static long skewed(long seconds, int skew) {
    return seconds * SECOND + skew * SECOND / 256;
  }

  private static void requireRange(String name, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          "%s must be %d..%d, is %d".formatted(name, min, max, value));
    }
  }
}
