package carpool.orchestrator.control;

import carpool.orchestrator.core.PassageKind;
import carpool.orchestrator.v1.Failover;
import carpool.orchestrator.v1.Move;
import carpool.orchestrator.v1.StepOutcome;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/// How long a switchover of a pool takes, by what both nodes kept of the last ones. Pure.
///
/// What the last switchover of this node that the other one took over took, or the median of the
/// last [#SAMPLES] of them when that is less; else the same of those in either direction; else of
/// what giving up took, and what taking over took.
///
/// A move has a least time and no greatest: a slow one tells of a busy moment, a quick one of the
/// machines. And the first moves after a start are slow, so the newest tells most.
final class Forecast {
  private static final int SAMPLES = 3;

  private static final double MILLIS = 1e3;

  private final String pool;
  private final String node;
  private final List<Failover> own;
  private final List<Failover> others;
  private final List<Move> moves;

  /// @param own newest first
  /// @param others newest first, by the clock of the other node
  /// @param aheadMillis of the other clock
  Forecast(String pool, String node, List<Failover> own, List<Failover> others, long aheadMillis) {
    this.pool = pool;
    this.node = node;
    this.own = own;
    this.others = others;
    this.moves = PairTimeline.moves(own, others, aheadMillis);
  }

  /// Seconds; negative when this pair has not done what it would be told by.
  double seconds() {
    var ours = expected(planned().filter(move -> giver(move).getNode().equals(node)));
    if (ours.isPresent()) {
      return ours.getAsDouble();
    }
    var any = expected(planned());
    if (any.isPresent()) {
      return any.getAsDouble();
    }
    var away = either(own, others, EnumSet.of(PassageKind.GIVE_UP, PassageKind.SWITCHOVER));
    var there = either(others, own, EnumSet.of(PassageKind.TAKEOVER));
    return away.isPresent() && there.isPresent() ? away.getAsDouble() + there.getAsDouble() : -1;
  }

  /// Switchovers that the other node took over from, without a failure on either side.
  private Stream<Move> planned() {
    return moves.stream()
        .filter(move -> move.getPool().equals(pool) && move.getDone())
        .filter(move -> move.getPartsCount() == 2)
        .filter(move -> is(giver(move), EnumSet.of(PassageKind.SWITCHOVER)))
        .filter(move -> is(move.getParts(1), EnumSet.of(PassageKind.TAKEOVER)));
  }

  private static boolean is(Failover passed, Set<PassageKind> kinds) {
    return OrchestratorProtoMapper.kind(passed).filter(kinds::contains).isPresent();
  }

  private static Failover giver(Move move) {
    return move.getParts(0);
  }

  private static OptionalDouble expected(Stream<Move> moves) {
    return expected(moves.mapToDouble(Move::getDurationMillis));
  }

  private OptionalDouble either(
      List<Failover> first, List<Failover> second, Set<PassageKind> kinds) {
    var found = last(first, kinds);
    return found.isPresent() ? found : last(second, kinds);
  }

  private OptionalDouble last(List<Failover> failovers, Set<PassageKind> kinds) {
    return expected(
        failovers.stream()
            .filter(passed -> passed.getPool().equals(pool) && passed.getDone())
            .filter(passed -> is(passed, kinds))
            .filter(passed ->
                passed.getStepsList().stream()
                    .allMatch(step -> step.getOutcome() == StepOutcome.STEP_OUTCOME_DONE))
            .mapToDouble(Failover::getDurationMillis));
  }

  /// @param millis newest first
  private static OptionalDouble expected(DoubleStream millis) {
    var newest = millis.limit(SAMPLES).toArray();
    if (newest.length == 0) {
      return OptionalDouble.empty();
    }
    var sorted = newest.clone();
    Arrays.sort(sorted);
    var high = sorted[sorted.length / 2];
    var low = sorted[(sorted.length - 1) / 2];
    return OptionalDouble.of(Math.min(newest[0], (low + high) / 2) / MILLIS);
  }
}
