package carpool.kit.boot;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.LayoutBase;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/// `2026-11-20T18:00:01.123+01:00 INFO CoreLoop transition resource=disk1 …`, exceptions in the
/// same line.
final class TextLine extends LayoutBase<ILoggingEvent> {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSXXX").withZone(ZoneId.systemDefault());

  @Override
  public String doLayout(ILoggingEvent event) {
    var line = new StringBuilder(160);
    line.append(TIME.format(event.getInstant())).append(' ');
    line.append("%-5s ".formatted(event.getLevel()));
    var logger = event.getLoggerName();
    line.append(logger.substring(logger.lastIndexOf('.') + 1)).append(' ');
    line.append(event.getFormattedMessage().replaceAll("\\R", " | "));
    var pairs = event.getKeyValuePairs();
    if (pairs != null) {
      for (var pair : pairs) {
        line.append(' ').append(pair.key).append('=');
        line.append(String.valueOf(pair.value).replaceAll("\\R", " | "));
      }
    }
    append(line, event.getThrowableProxy());
    return line.append('\n').toString();
  }

  static void append(StringBuilder line, @Nullable IThrowableProxy thrown) {
    var depth = 0;
    for (var cause = thrown; cause != null && depth < 8; cause = cause.getCause(), depth++) {
      line.append(depth == 0 ? " | " : " | caused by ");
      line.append(cause.getClassName()).append(": ");
      line.append(String.valueOf(cause.getMessage()).replaceAll("\\R", " | "));
      var frames = cause.getStackTraceElementProxyArray();
      for (var i = 0; i < Math.min(frames.length, 12); i++) {
        line.append(" < ").append(frames[i].getSTEAsString().replaceFirst("^at ", ""));
      }
    }
  }
}
