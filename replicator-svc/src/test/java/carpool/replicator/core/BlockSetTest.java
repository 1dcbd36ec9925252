package carpool.replicator.core;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.TreeSet;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockSetTest {
  /// Against a second, dumb implementation.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void behavesLikeATreeSet(long seed) {
    var random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    long size = random.nextLong(1, 300_000);
    var set = new BlockSet(size);
    var oracle = new TreeSet<Long>();
    for (int i = 0; i < 3000; i++) {
      long start = random.nextLong(size);
      long end = Math.min(size, start + random.nextLong(200));
      switch (random.nextInt(5)) {
        case 0 -> assertEquals(oracle.add(start), set.add(start));
        case 1 -> assertEquals(oracle.remove(start), set.remove(start));
        case 2 -> {
          set.addRange(start, end);
          for (long block = start; block < end; block++) {
            oracle.add(block);
          }
        }
        case 3 -> {
          set.removeRange(start, end);
          oracle.subSet(start, end).clear();
        }
        default -> {
          var next = oracle.ceiling(start);
          assertEquals(next == null ? -1 : next, set.next(start));
          assertEquals(!oracle.subSet(start, end).isEmpty(), set.intersects(start, end));
        }
      }
      assertEquals(oracle.size(), set.count());
    }
    var all = new TreeSet<Long>();
    set.copy().forEach(all::add);
    assertEquals(oracle, all);
  }
}
