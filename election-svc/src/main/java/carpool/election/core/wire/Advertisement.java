package carpool.election.core.wire;

/// What one advertisement says. Only vhid and counter are covered by the digest.
///
/// @param vhid 1..255
/// @param advbase seconds, 0..255
/// @param advskew 1/256 s, 0..255; effective (demoted) skew of the sender
/// @param demotion byte 4: OpenBSD's demotion count, 0 from everybody else; read, never acted on
/// @param counter replay value, 64 bits; see carp.md 1.8 for what each implementation puts here
public record Advertisement(int vhid, int advbase, int advskew, int demotion, long counter) {

  public Advertisement {
    requireByte("vhid", vhid);
    requireByte("advbase", advbase);
    requireByte("advskew", advskew);
    requireByte("demotion", demotion);
  }

  /// The marker "I am leaving": the slowest values there are. Every implementation takes over from
  /// it (carp.md fact 8).
  public static Advertisement bowOut(int vhid, long counter) {
    return new Advertisement(vhid, 255, 255, 0, counter);
  }

  /// Whether this is the leave marker.
  public boolean leaving() {
    return advbase == 255 && advskew == 255;
  }

  /// How often the sender advertises, in 1/256 s; smaller is better (carp.md fact 6).
  public int interval256() {
    return advbase * 256 + advskew;
  }

  private static void requireByte(String name, int value) {
    if (value < 0 || value > 255) {
      throw new IllegalArgumentException(name + " must be 0..255, is " + value);
    }
  }
}
