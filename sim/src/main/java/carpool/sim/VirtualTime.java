package carpool.sim;

import java.util.PriorityQueue;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// One thread, one seed, no clock: events run in the order of their virtual time, ties in the order
/// in which they were asked for. The same seed gives the same run.
public final class VirtualTime {
  private record Event(long atMicros, long number, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      return atMicros != other.atMicros
          ? Long.compare(atMicros, other.atMicros)
          : Long.compare(number, other.number);
    }
  }

  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private final RandomGenerator random;
  private long nowMicros;
  private long lastNumber;

  /// Time 0 of the run with this seed.
  public VirtualTime(long seed) {
    random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
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
    events.add(new Event(nowMicros + delayMicros, ++lastNumber, action));
  }

  /// Runs `action` after a random time of `minMicros` to `maxMicros`.
  public void within(long minMicros, long maxMicros, Runnable action) {
    after(random.nextLong(minMicros, maxMicros + 1), action);
  }

  /// Runs events until `untilMicros`; time stands there afterwards.
  public void runUntil(long untilMicros) {
    for (var event = events.peek();
        event != null && event.atMicros <= untilMicros;
        event = events.peek()) {
      events.remove();
      nowMicros = event.atMicros;
      event.action.run();
    }
    nowMicros = Math.max(nowMicros, untilMicros);
  }

  /// True with a chance of `numerator` in `denominator`.
  public boolean chance(int numerator, int denominator) {
    return random.nextInt(denominator) < numerator;
  }
}
