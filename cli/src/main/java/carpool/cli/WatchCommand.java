package carpool.cli;

import carpool.cli.output.Words;
import carpool.orchestrator.v1.WatchEvent;
import carpool.orchestrator.v1.WatchRequest;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `carpool watch`: each state change and step as it happens, until interrupted.
@Command(name = "watch", description = "Shows state changes and steps as they happen.")
final class WatchCommand extends NodeCommand {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());

  @Parameters(paramLabel = "POOL", description = "only these pools (default: all)")
  private List<String> pools = new ArrayList<>();

  @Override
  int run(Services services) {
    var events =
        services.orchestratorStream().watch(WatchRequest.newBuilder().addAllPools(pools).build());
    while (events.hasNext()) {
      var event = events.next();
      if (json()) {
        console().jsonLine(event);
      } else {
        out().println(line(event));
        out().flush();
      }
    }
    return Exit.DONE;
  }

  static String line(WatchEvent event) {
    var line = new StringBuilder(TIME.format(Instant.ofEpochMilli(event.getUnixMillis())));
    line.append("  ").append(event.getEvent());
    if (event.hasPool()) {
      line.append("  ").append(event.getPool().getName());
      line.append(' ').append(Words.of(event.getPool().getState()));
    }
    if (event.hasStep()) {
      line.append("  ").append(event.getStep().getName());
      line.append(' ').append(Words.of(event.getStep().getOutcome()));
      line.append(' ').append(Words.seconds(event.getStep().getDurationMillis()));
    }
    return event.getCause().isEmpty()
        ? line.toString()
        : line.append("  (").append(event.getCause()).append(')').toString();
  }
}
