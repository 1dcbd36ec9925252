package carpool.sim;

import java.util.ArrayDeque;

/// The last lines of a run, printed when it fails.
public final class Transcript {
  private final ArrayDeque<String> lines = new ArrayDeque<>();
  private final VirtualTime time;
  private final int keep;

  /// Keeps the last `keep` lines; 0 keeps none and costs nothing.
  public Transcript(VirtualTime time, int keep) {
    this.time = time;
    this.keep = keep;
  }

  /// Adds a line, stamped with the virtual time.
  public void add(String who, String what) {
    if (keep == 0) {
      return;
    }
    if (lines.size() == keep) {
      lines.removeFirst();
    }
    lines.addLast(String.format("%10.3f ms  %-3s %s", time.nowMicros() / 1000.0, who, what));
  }

  /// True when lines are kept: building them is worth it.
  public boolean kept() {
    return keep > 0;
  }

  @Override
  public String toString() {
    return String.join("\n", lines);
  }
}
