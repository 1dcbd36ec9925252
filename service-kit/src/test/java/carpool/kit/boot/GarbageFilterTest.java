package carpool.kit.boot;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.spi.FilterReply;
import java.time.Instant;
import org.junit.jupiter.api.Test;

final class GarbageFilterTest {
  private static final String GRPC = "io.grpc.internal.SerializingExecutor";
  private static final String GARBAGE = "INTERNAL: Invalid protobuf byte sequence";

  private final GarbageFilter filter = new GarbageFilter();

  private static ILoggingEvent event(String logger, String text, long unixMillis) {
    var event = new LoggingEvent();
    event.setLoggerName(logger);
    event.setLevel(Level.ERROR);
    event.setInstant(Instant.ofEpochMilli(unixMillis));
    event.setThrowableProxy(new ThrowableProxy(new IllegalStateException(text)));
    return event;
  }

  @Test
  void garbageOfCallersIsToldOnceInTenSeconds() {
    assertEquals(FilterReply.NEUTRAL, filter.decide(event(GRPC, GARBAGE, 1_000_000)));
    assertEquals(FilterReply.DENY, filter.decide(event(GRPC, GARBAGE, 1_000_001)));
    assertEquals(FilterReply.DENY, filter.decide(event(GRPC, GARBAGE, 1_009_999)));
    assertEquals(FilterReply.NEUTRAL, filter.decide(event(GRPC, GARBAGE, 1_010_000)));
    assertEquals(FilterReply.DENY, filter.decide(event(GRPC, GARBAGE, 1_010_001)));
  }

  @Test
  void nothingElseIsKeptFromTheLog() {
    for (int i = 0; i < 3; i++) {
      assertEquals(FilterReply.NEUTRAL, filter.decide(event(GRPC, "a fault of our own", i)));
      assertEquals(FilterReply.NEUTRAL, filter.decide(event("carpool.X", GARBAGE, i)));
    }
  }
}
