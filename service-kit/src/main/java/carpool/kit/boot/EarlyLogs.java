package carpool.kit.boot;

import carpool.kit.config.CarpoolConfig.LogFormat;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.core.spi.ContextAwareBase;

/// What logback does before [Logs#configure]: warnings to standard error, no configuration file.
/// Found by logback through the service loader.
public final class EarlyLogs extends ContextAwareBase implements Configurator {

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    Logs.configure(context, LogFormat.TEXT, Level.WARN, "", "");
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }
}
