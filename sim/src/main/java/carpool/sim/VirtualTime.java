package carpool.sim;

import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;

/// One thread, one seed, no clock: events run in the order of their virtual time, ties in the order
/// in which they were asked for. The same seed gives the same run.
///
/// The events are a binary heap of plain numbers, time and order of asking in one: the queue is a
/// large part of what a simulated step costs. A run ends at 2147 seconds, or after 2^32 events.
public final class VirtualTime {
  private static final int NUMBER_BITS = 32;
  private static final RandomGeneratorFactory<RandomGenerator> RANDOM =
      RandomGeneratorFactory.of("L64X128MixRandom");

  private final RandomGenerator random;
  private long[] keys = new long[64];

  /// Where the action of the key at the same place is: numbers move through the heap at less cost
  /// than references.
  private int[] places = new int[64];

  private @Nullable Runnable[] actions = new @Nullable Runnable[64];

  /// Places that are free, as many as `free` says.
  private int[] freePlaces = new int[64];

  private int free;
  private int size;
  private long nowMicros;
  private long lastNumber;

  /// Time 0 of the run with this seed.
  public VirtualTime(long seed) {
    random = RANDOM.create(seed);
  }

  /// The only source of chance in a run.
  public RandomGenerator random() {
    return random;
  }

  /// Microseconds since the start.
  public long nowMicros() {
    return nowMicros;
  }

  /// Runs `action` after `delayMicros`.
  public void after(long delayMicros, Runnable action) {
    long at = nowMicros + delayMicros;
    if (at >= 1L << (63 - NUMBER_BITS) || ++lastNumber >= 1L << NUMBER_BITS) {
      throw new IllegalStateException("the run is too long");
    }
    push(at << NUMBER_BITS | lastNumber, action);
  }

  /// Runs `action` after a random time of `minMicros` to `maxMicros`.
  public void within(long minMicros, long maxMicros, Runnable action) {
    after(between(minMicros, maxMicros), action);
  }

  /// A random number, both ends included; less than 2^31 apart.
  public long between(long min, long max) {
    return min + (((random.nextLong() >>> 33) * (max - min + 1)) >>> 31);
  }

  /// Runs events until `untilMicros`; time stands there afterwards.
  public void runUntil(long untilMicros) {
    while (runNext(untilMicros)) {
      // what is due
    }
  }

  /// Runs the next event, if there is one until `untilMicros`; else time stands there afterwards.
  ///
  /// @return false when there was none
  public boolean runNext(long untilMicros) {
    if (size == 0 || keys[0] >>> NUMBER_BITS > untilMicros) {
      nowMicros = Math.max(nowMicros, untilMicros);
      return false;
    }
    nowMicros = keys[0] >>> NUMBER_BITS;
    pop().run();
    return true;
  }

  /// True with a chance of `numerator` in `denominator`.
  public boolean chance(int numerator, int denominator) {
    return random.nextInt(denominator) < numerator;
  }

  private void push(long key, Runnable action) {
    if (size == keys.length) {
      keys = Arrays.copyOf(keys, 2 * size);
      places = Arrays.copyOf(places, 2 * size);
      freePlaces = Arrays.copyOf(freePlaces, 2 * size);
      actions = Arrays.copyOf(actions, 2 * size);
    }
    int place = free > 0 ? freePlaces[--free] : size;
    actions[place] = action;
    int hole = size++;
    while (hole > 0 && keys[(hole - 1) >>> 1] > key) {
      int parent = (hole - 1) >>> 1;
      keys[hole] = keys[parent];
      places[hole] = places[parent];
      hole = parent;
    }
    keys[hole] = key;
    places[hole] = place;
  }

  private Runnable pop() {
    int firstPlace = places[0];
    var first = actions[firstPlace];
    actions[firstPlace] = null;
    freePlaces[free++] = firstPlace;
    long key = keys[--size];
    int place = places[size];
    int hole = 0;
    for (int child = 1; child < size; child = 2 * hole + 1) {
      if (child + 1 < size && keys[child + 1] < keys[child]) {
        child++;
      }
      if (keys[child] >= key) {
        break;
      }
      keys[hole] = keys[child];
      places[hole] = places[child];
      hole = child;
    }
    if (size > 0) {
      keys[hole] = key;
      places[hole] = place;
    }
    if (first == null) {
      throw new IllegalStateException("no event");
    }
    return first;
  }
}
