package carpool.kit.boot;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.LayoutBase;

/// One JSON object per line: `time`, `level`, `service`, `node`, `logger`, `thread`, `message`, the
/// event's own keys, and `error` with the exception.
final class JsonLine extends LayoutBase<ILoggingEvent> {
  private final String service;
  private final String node;

  JsonLine(String service, String node) {
    this.service = service;
    this.node = node;
  }

  @Override
  public String doLayout(ILoggingEvent event) {
    var line = new StringBuilder(240).append('{');
    field(line, "time", event.getInstant().toString());
    field(line, "level", event.getLevel().toString());
    field(line, "service", service);
    field(line, "node", node);
    field(line, "logger", event.getLoggerName());
    field(line, "thread", event.getThreadName());
    field(line, "message", event.getFormattedMessage());
    var pairs = event.getKeyValuePairs();
    if (pairs != null) {
      for (var pair : pairs) {
        field(line, pair.key, String.valueOf(pair.value));
      }
    }
    if (event.getThrowableProxy() != null) {
      var error = new StringBuilder();
      TextLine.append(error, event.getThrowableProxy());
      field(line, "error", error.substring(3));
    }
    return line.append("}\n").toString();
  }

  private static void field(StringBuilder line, String key, String value) {
    if (line.length() > 1) {
      line.append(',');
    }
    quoted(line, key);
    line.append(':');
    quoted(line, value);
  }

  private static void quoted(StringBuilder line, String text) {
    line.append('"');
    for (var i = 0; i < text.length(); i++) {
      var c = text.charAt(i);
      switch (c) {
        case '"', '\\' -> line.append('\\').append(c);
        case '\n' -> line.append("\\n");
        case '\r' -> line.append("\\r");
        case '\t' -> line.append("\\t");
        default -> {
          if (c < 0x20) {
            line.append("\\u%04x".formatted((int) c));
          } else {
            line.append(c);
          }
        }
      }
    }
    line.append('"');
  }
}
