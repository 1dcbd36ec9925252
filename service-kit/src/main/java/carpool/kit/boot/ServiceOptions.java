package carpool.kit.boot;

import carpool.kit.config.CarpoolConfig.LogFormat;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The command line that all services share.
record ServiceOptions(
    Path config,
    Optional<String> node,
    Optional<LogFormat> logFormat,
    boolean version,
    boolean help) {

  /// The command line is wrong; the message says what is allowed.
  static final class UsageException extends Exception {
    private static final long serialVersionUID = 1L;

    UsageException(String message) {
      super(message);
    }
  }

  static String usage(String program) {
    return """
    Usage: %s [--config FILE] [--node NAME] [--log-format text|json]
      --config FILE      carpool.yaml (default /etc/carpool/carpool.yaml)
      --node NAME        be this node instead of the one named like the host
      --log-format FORM  text or json; overrides log.format of the file
      --version          print the version
      --help             print this text
    Runs in the foreground and logs to standard error. SIGTERM or SIGINT: orderly stop;
    a second one: immediate stop.
    Exit codes: 0 stopped in order, 1 failure, 2 command line or configuration wrong,
    3 stopped itself because going on was not safe.
    """
        .formatted(program);
  }

  static ServiceOptions parse(String[] args) throws UsageException {
    var config = Path.of("/etc/carpool/carpool.yaml");
    Optional<String> node = Optional.empty();
    Optional<LogFormat> format = Optional.empty();
    var version = false;
    var help = false;
    var words = List.of(args).iterator();
    while (words.hasNext()) {
      var word = words.next();
      var equals = word.startsWith("--") ? word.indexOf('=') : -1;
      var option = equals < 0 ? word : word.substring(0, equals);
      Optional<String> inline =
          equals < 0 ? Optional.empty() : Optional.of(word.substring(equals + 1));
      switch (option) {
        case "--config", "-c" -> config = Path.of(value(option, inline, words));
        case "--node" -> node = Optional.of(value(option, inline, words));
        case "--log-format" -> format = Optional.of(format(value(option, inline, words)));
        case "--version", "-V" -> version = true;
        case "--help", "-h" -> help = true;
        default ->
            throw new UsageException(
                "unknown argument '"
                    + word
                    + "'; allowed: --config, --node, --log-format, --version, --help");
      }
    }
    return new ServiceOptions(config, node, format, version, help);
  }

  private static String value(String option, Optional<String> inline, Iterator<String> words)
      throws UsageException {
    if (inline.isPresent()) {
      return inline.get();
    }
    if (!words.hasNext()) {
      throw new UsageException("a value is missing after " + option);
    }
    return words.next();
  }

  private static LogFormat format(String word) throws UsageException {
    return switch (word.toLowerCase(Locale.ROOT)) {
      case "text" -> LogFormat.TEXT;
      case "json" -> LogFormat.JSON;
      default -> throw new UsageException("'" + word + "' after --log-format; allowed: text, json");
    };
  }
}
