package carpool.kit.boot;

import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.slf4j.LoggerFactory;

/// Sends what libraries log through java.util.logging (grpc-java does) into the one log.
final class JulToSlf4j extends Handler {
  private static final SimpleFormatter FORMATTER = new SimpleFormatter();

  static void install() {
    LogManager.getLogManager().reset();
    var root = java.util.logging.Logger.getLogger("");
    root.setLevel(Level.WARNING);
    root.addHandler(new JulToSlf4j());
  }

  @Override
  public void publish(LogRecord event) {
    var name = event.getLoggerName() == null ? "jul" : event.getLoggerName();
    var severe = event.getLevel().intValue() >= Level.SEVERE.intValue();
    LoggerFactory.getLogger(name)
        .atLevel(severe ? org.slf4j.event.Level.ERROR : org.slf4j.event.Level.WARN)
        .setCause(event.getThrown())
        .log(FORMATTER.formatMessage(event));
  }

  @Override
  public void flush() {}

  @Override
  public void close() {}
}
