package carpool.kit.boot;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.filter.Filter;
import ch.qos.logback.core.spi.FilterReply;
import com.google.protobuf.InvalidProtocolBufferException;
import java.util.concurrent.atomic.AtomicLong;

/// A message that is no protobuf is told once in ten seconds: gRPC logs each as an error with its
/// stack, and whoever reaches the port of the peers could fill the disk with that.
final class GarbageFilter extends Filter<ILoggingEvent> {
  static final long PAUSE_MILLIS = 10_000;

  private static final String LOGGER = "io.grpc.internal.SerializingExecutor";
  private final AtomicLong lastUnixMillis = new AtomicLong(Long.MIN_VALUE / 2);

  @Override
  public FilterReply decide(ILoggingEvent event) {
    if (!event.getLoggerName().equals(LOGGER) || !isGarbage(event)) {
      return FilterReply.NEUTRAL;
    }
    long now = event.getTimeStamp();
    long last = lastUnixMillis.get();
    boolean due = Math.abs(now - last) >= PAUSE_MILLIS && lastUnixMillis.compareAndSet(last, now);
    return due ? FilterReply.NEUTRAL : FilterReply.DENY;
  }

  private static boolean isGarbage(ILoggingEvent event) {
    return event.getThrowableProxy() instanceof ThrowableProxy thrown
        && thrown.getThrowable().getCause() instanceof InvalidProtocolBufferException;
  }
}
