package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.orchestrator.core.PairWorld.Action;
import carpool.orchestrator.core.PairWorld.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

final class PairInterleavingsTest {
  private static final int DEPTH = Integer.getInteger("carpool.orchestrator.depth", 5);
  private static final int WALKS = Integer.getInteger("carpool.orchestrator.walks", 20_000);
  private static final long SEED = Long.getLong("carpool.orchestrator.seed", 1);

  @Test
  void fromTheColdStartEveryOrderOfEventsIsSafeAndEndsWithOneServer() {
    assertThat(explore(PairWorld::new, DEPTH)).isGreaterThan(10_000);
  }

  @Test
  void whileThePoolIsBeingMadeEveryOrderOfEventsIsSafeAndEndsWithOneServer() {
    assertThat(explore(() -> new PairWorld(false).withoutPool(), DEPTH)).isGreaterThan(10_000);
  }

  @Test
  void fromAServingPairEveryOrderOfEventsIsSafeAndEndsWithOneServer() {
    assertThat(explore(() -> new PairWorld().serving(), DEPTH)).isGreaterThan(10_000);
  }

  @Test
  void longRandomWalksAreSafeAndEndWithOneServer() {
    var actions = actions();
    for (var walk = 0; walk < WALKS; walk++) {
      var random = new SplittableRandom(SEED + walk);
      var world =
          switch (walk % 3) {
            case 0 -> new PairWorld();
            case 1 -> new PairWorld(false);
            default -> new PairWorld().serving();
          };
      try {
        var length = 10 + random.nextInt(60);
        for (var step = 0; step < length; step++) {
          var action = actions.get(random.nextInt(actions.size()));
          if (world.enabled(action)) {
            world.act(action);
          }
        }
        world.settle();
      } catch (AssertionError e) {
        throw new AssertionError("seed " + (SEED + walk) + ": " + e.getMessage(), e);
      }
    }
  }

  /// Depth first over all sequences of enabled actions, by replay; the number of sequences.
  private static int explore(Supplier<PairWorld> start, int depth) {
    var actions = actions();
    var todo = new ArrayDeque<List<Action>>();
    todo.push(List.of());
    var count = 0;
    while (!todo.isEmpty()) {
      var path = todo.pop();
      if (path.size() < depth) {
        var world = replay(start, path);
        for (var action : actions) {
          if (world.enabled(action)) {
            var longer = new ArrayList<>(path);
            longer.add(action);
            todo.push(longer);
          }
        }
      }
      if (!path.isEmpty()) {
        count++;
        replay(start, path).settle();
      }
    }
    return count;
  }

  private static PairWorld replay(Supplier<PairWorld> start, List<Action> path) {
    var world = start.get();
    path.forEach(world::act);
    return world;
  }

  private static List<Action> actions() {
    var all = new ArrayList<Action>();
    for (var node = 0; node < 2; node++) {
      for (var kind : Kind.values()) {
        all.add(new Action(node, kind));
      }
    }
    return all;
  }
}
