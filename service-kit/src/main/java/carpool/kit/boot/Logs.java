package carpool.kit.boot;

import carpool.kit.config.CarpoolConfig.LogFormat;
import carpool.kit.config.CarpoolConfig.LogLevel;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The log: standard error, one line per event, text or JSON.
public final class Logs {

  private Logs() {}

  /// Sets up logging for the process; `service` and `node` go into every JSON line.
  public static void configure(LogFormat format, LogLevel level, String service, String node) {
    if (!(LoggerFactory.getILoggerFactory() instanceof LoggerContext context)) {
      return;
    }
    context.reset();
    configure(context, format, Level.valueOf(level.name()), service, node);
    JulToSlf4j.install();
  }

  static void configure(
      LoggerContext context, LogFormat format, Level level, String service, String node) {
    var layout =
        switch (format) {
          case TEXT -> new TextLine();
          case JSON -> new JsonLine(service, node);
        };
    layout.setContext(context);
    layout.start();
    var encoder = new LayoutWrappingEncoder<ILoggingEvent>();
    encoder.setContext(context);
    encoder.setCharset(StandardCharsets.UTF_8);
    encoder.setLayout(layout);
    encoder.start();
    var appender = new ConsoleAppender<ILoggingEvent>();
    appender.setContext(context);
    appender.setName("stderr");
    appender.setTarget("System.err");
    appender.setEncoder(encoder);
    var garbage = new GarbageFilter();
    garbage.start();
    appender.addFilter(garbage);
    appender.start();
    var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(level.isGreaterOrEqual(Level.WARN) ? level : Level.WARN);
    context.getLogger("carpool").setLevel(level);
    // It warns for each accepted unix socket that SO_KEEPALIVE does not exist there.
    context.getLogger("io.netty.bootstrap").setLevel(Level.ERROR);
    // It warns, with a stack, at each call to a host whose name is not known; the call tells that.
    context.getLogger("io.grpc.internal.ManagedChannelImpl").setLevel(Level.ERROR);
    root.addAppender(appender);
  }
}
