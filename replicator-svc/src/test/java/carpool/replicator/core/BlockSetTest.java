package carpool.replicator.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.TreeSet;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
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
      long end = Math.min(size, start + random.nextLong(random.nextInt(150) == 0 ? 200_000 : 200));
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
          long run = start;
          while (run < end && oracle.contains(run)) {
            run++;
          }
          assertEquals(run, set.runEnd(start, end));
        }
      }
      assertEquals(oracle.size(), set.count());
    }
    var all = new TreeSet<Long>();
    set.copy().forEach(all::add);
    assertEquals(oracle, all);
    var half = new BlockSet(size);
    half.addRange(size / 3, size);
    half.removeAll(set);
    assertEquals(size - size / 3 - oracle.tailSet(size / 3).size(), half.count());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 65_535, 65_536, 65_537, 200_000, 3 * 65_536})
  void fullSetIsLikeAnyOther(long size) {
    var set = new BlockSet(size);
    set.addRange(0, size);
    assertEquals(size, set.count());
    assertEquals(size, set.runEnd(0, Long.MAX_VALUE));
    assertEquals(size / 2, set.runEnd(0, size / 2), "the limit");
    assertEquals(size - 1, set.next(size - 1));

    var copy = set.copy();
    assertTrue(copy.remove(size / 2));
    assertTrue(set.contains(size / 2), "the copy is another set");
    assertEquals(size / 2, copy.runEnd(0, size));
    var sum = new BlockSet(size);
    sum.add(0);
    sum.addAll(copy);
    assertEquals(size == 1 ? 1 : size - 1, sum.count());
    sum.addAll(set);
    assertEquals(size, sum.count());

    set.removeRange(0, size);
    assertEquals(0, set.count());
    assertEquals(-1, set.next(0));
  }

  /// As bits they would take 6 GiB, more than the heap has.
  @Test
  void fullAndEmptySetsOf16TibAreSmall() {
    long blocks = (16L << 40) / Differences.BLOCK_BYTES;
    var sets = new ArrayList<BlockSet>();
    for (int i = 0; i < 200; i++) {
      var set = new BlockSet(blocks);
      set.addRange(0, blocks);
      for (long block = 0; block < blocks / 2; block += 16_384) {
        set.removeRange(block, block + 16_384);
      }
      sets.add(set);
    }
    assertEquals(200 * blocks / 2, sets.stream().mapToLong(BlockSet::count).sum());
  }
}
