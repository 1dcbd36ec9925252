package carpool.sim;

/// What the runs of a campaign came to, added up. Not safe for concurrent use.
final class Totals {
  long writes;
  long faults;
  long takeovers;
  long failovers;
  long forced;
  long splitBrains;
  long longestMicros;
  long moves;
  long longestMoveMicros;

  void add(Totals other) {
    writes += other.writes;
    faults += other.faults;
    takeovers += other.takeovers;
    failovers += other.failovers;
    forced += other.forced;
    splitBrains += other.splitBrains;
    longestMicros = Math.max(longestMicros, other.longestMicros);
    moves += other.moves;
    longestMoveMicros = Math.max(longestMoveMicros, other.longestMoveMicros);
  }

  String text(String world) {
    return switch (world) {
      case "carp" -> "%d faults, %d changes of role".formatted(faults, takeovers);
      case "engine" ->
          "%d acknowledged writes, %d faults, %d worlds with a forced promotion"
              .formatted(writes, faults, forced);
      case "pair" ->
          ("%d acknowledged writes, %d faults, %d failovers to the other node of %d takeovers, %d split"
                  + " brains resolved, settled within %.1f s, %d moves after a silent cut within %.1f s")
              .formatted(
                  writes,
                  faults,
                  failovers,
                  takeovers,
                  splitBrains,
                  longestMicros / 1e6,
                  moves,
                  longestMoveMicros / 1e6);
      default -> "%d acknowledged writes, %d faults".formatted(writes, faults);
    };
  }
}
