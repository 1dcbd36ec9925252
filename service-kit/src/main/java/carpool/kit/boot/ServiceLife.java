package carpool.kit.boot;

import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Starts all parts in order and stops in reverse those that were started.
final class ServiceLife {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceLife.class);

  private final List<Startable> parts;
  private final ArrayDeque<Startable> started = new ArrayDeque<>();

  @Inject
  ServiceLife(Set<Startable> parts) {
    this.parts =
        parts.stream()
            .sorted(Comparator.comparingInt(Startable::phase).thenComparing(Startable::name))
            .toList();
  }

  /// Starts all; when one fails the started ones are stopped and the failure is thrown, with
  /// failures of stopping suppressed in it.
  void start(Duration stopDeadline) throws Exception {
    for (var part : parts) {
      started.push(part);
      try {
        part.start();
        LOG.debug("started {}", part.name());
      } catch (Exception | Error failure) {
        stop(stopDeadline).forEach(failure::addSuppressed);
        throw failure;
      }
    }
  }

  /// What the slowest part may need to stop.
  Duration stopTime() {
    return parts.stream().map(Startable::stopTime).max(Duration::compareTo).orElse(Duration.ZERO);
  }

  /// Stops all within `deadline`, whatever fails on the way; the failures are the result.
  List<Exception> stop(Duration deadline) {
    var end = System.nanoTime() + deadline.toNanos();
    var failures = new java.util.ArrayList<Exception>();
    while (!started.isEmpty()) {
      var part = started.pop();
      try {
        var left = Duration.ofNanos(Math.max(0, end - System.nanoTime()));
        part.stop(left);
        LOG.debug("stopped {}", part.name());
      } catch (Exception failure) {
        if (failure instanceof InterruptedException) {
          Thread.currentThread().interrupt();
        }
        LOG.error("{} did not stop in order", part.name(), failure);
        failures.add(failure);
      }
    }
    return List.copyOf(failures);
  }
}
