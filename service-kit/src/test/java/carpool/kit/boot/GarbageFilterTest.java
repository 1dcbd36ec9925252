package carpool.kit.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.spi.FilterReply;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Status;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class GarbageFilterTest {
  private static final String GRPC = "io.grpc.internal.SerializingExecutor";
  private final GarbageFilter filter = new GarbageFilter();

  private static Throwable garbage() {
    return Status.INTERNAL
        .withCause(new InvalidProtocolBufferException("invalid tag"))
        .asRuntimeException();
  }

  private static ILoggingEvent event(String logger, Throwable thrown, long unixMillis) {
    var event = new LoggingEvent();
    event.setLoggerName(logger);
    event.setLevel(Level.ERROR);
    event.setInstant(Instant.ofEpochMilli(unixMillis));
    event.setThrowableProxy(new ThrowableProxy(thrown));
    return event;
  }

  @Test
  void garbageOfCallersIsToldOnceInTenSeconds() {
    assertEquals(FilterReply.NEUTRAL, filter.decide(event(GRPC, garbage(), 1_000_000)));
    assertEquals(FilterReply.DENY, filter.decide(event(GRPC, garbage(), 1_000_001)));
    assertEquals(FilterReply.DENY, filter.decide(event(GRPC, garbage(), 1_009_999)));
    assertEquals(FilterReply.NEUTRAL, filter.decide(event(GRPC, garbage(), 1_010_000)));
    assertEquals(FilterReply.DENY, filter.decide(event(GRPC, garbage(), 1_010_001)));
  }

  @Test
  void nothingElseIsKeptFromTheLog() {
    for (int i = 0; i < 3; i++) {
      assertEquals(
          FilterReply.NEUTRAL,
          filter.decide(event(GRPC, new IllegalStateException("a fault of our own"), i)));
      assertEquals(FilterReply.NEUTRAL, filter.decide(event("carpool.X", garbage(), i)));
    }
  }
}
