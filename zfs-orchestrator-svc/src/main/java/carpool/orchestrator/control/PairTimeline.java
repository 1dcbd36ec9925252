package carpool.orchestrator.control;

import carpool.orchestrator.core.PassageKind;
import carpool.orchestrator.v1.Failover;
import carpool.orchestrator.v1.Move;
import carpool.orchestrator.v1.MoveStep;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The passages of both nodes as moves of pools: what one node gave up and the other took over
/// within a short time is one move. Pure.
final class PairTimeline {
  /// The other node may take over long after: a give-up and a takeover with no more than this
  /// between them belong together. Milliseconds.
  private static final long PAUSE_MAX = 100_000;

  private PairTimeline() {}

  /// What both nodes did, joined.
  ///
  /// @param own newest first
  /// @param others newest first, by the clock of the other node
  /// @param aheadMillis of the other clock
  /// @return newest first, times by the own clock
  static List<Move> moves(List<Failover> own, List<Failover> others, long aheadMillis) {
    var all = new ArrayList<>(own);
    others.forEach(part -> all.add(shifted(part, -aheadMillis)));
    all.sort(Comparator.comparingLong(Failover::getStartedUnixMillis));
    var moves = new ArrayList<List<Failover>>();
    for (var part : all) {
      var open = moves.stream().filter(move -> belongs(move, part)).reduce((_, last) -> last);
      open.ifPresentOrElse(move -> move.add(part), () -> moves.add(new ArrayList<>(List.of(part))));
    }
    return moves.reversed().stream().map(PairTimeline::move).toList();
  }

  /// A give-up begins a move, or goes beside a takeover that waits for it; a takeover goes on with
  /// it.
  private static boolean belongs(List<Failover> move, Failover part) {
    var first = move.getFirst();
    var before = move.getLast();
    var over = move.stream().mapToLong(PairTimeline::end).max().orElse(0);
    var sameNode = move.stream().anyMatch(known -> known.getNode().equals(part.getNode()));
    if (!first.getPool().equals(part.getPool())
        || sameNode
        || part.getStartedUnixMillis() > over + PAUSE_MAX) {
      return false;
    }
    return leaves(part)
        ? part.getStartedUnixMillis() <= over && !leaves(before)
        : leaves(before) || part.getStartedUnixMillis() <= over;
  }

  private static boolean leaves(Failover part) {
    return OrchestratorProtoMapper.kind(part).filter(PassageKind::leaves).isPresent();
  }

  private static long end(Failover part) {
    return part.getStartedUnixMillis() + part.getDurationMillis();
  }

  private static Move move(List<Failover> parts) {
    var started = parts.getFirst().getStartedUnixMillis();
    var over = parts.stream().mapToLong(PairTimeline::end).max().orElse(started);
    var steps = new ArrayList<MoveStep>();
    for (var part : parts) {
      for (var step : part.getStepsList()) {
        steps.add(
            MoveStep.newBuilder()
                .setNode(part.getNode())
                .setKind(part.getKind())
                .setStep(step)
                .build());
      }
    }
    steps.sort(Comparator.comparingLong(step -> step.getStep().getStartedUnixMillis()));
    return Move.newBuilder()
        .setPool(parts.getFirst().getPool())
        .setStartedUnixMillis(started)
        .setDurationMillis(over - started)
        .setDone(parts.stream().allMatch(Failover::getDone))
        .addAllParts(parts)
        .addAllSteps(steps)
        .build();
  }

  private static Failover shifted(Failover part, long millis) {
    var out = part.toBuilder().setStartedUnixMillis(part.getStartedUnixMillis() + millis);
    for (int i = 0; i < out.getStepsCount(); i++) {
      var step = out.getStepsBuilder(i);
      var _ = step.setStartedUnixMillis(step.getStartedUnixMillis() + millis);
    }
    return out.build();
  }
}
