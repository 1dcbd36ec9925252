package carpool.kit.config;

import java.util.Comparator;

/// One thing wrong in a configuration file. `line` and `column` count from 1; 0 in both means the
/// file as a whole. `allowed` says what would have been right, or what to do; empty when nothing
/// can be said.
public record ConfigProblem(String file, int line, int column, String found, String allowed)
    implements Comparable<ConfigProblem> {

  private static final Comparator<ConfigProblem> ORDER =
      Comparator.comparing(ConfigProblem::file)
          .thenComparingInt(ConfigProblem::line)
          .thenComparingInt(ConfigProblem::column)
          .thenComparing(ConfigProblem::found)
          .thenComparing(ConfigProblem::allowed);

  @Override
  public int compareTo(ConfigProblem other) {
    return ORDER.compare(this, other);
  }

  /// `FILE:LINE:COL: what was found; allowed: …`, the form editors jump to.
  @Override
  public String toString() {
    var where = line == 0 ? file : file + ":" + line + ":" + column;
    // The original's texts are sentences; the dot goes when more follows.
    var what = found.endsWith(".") ? found.substring(0, found.length() - 1) : found;
    return where + ": " + (allowed.isEmpty() ? found : what + "; allowed: " + allowed);
  }
}
