package carpool.cli;

import carpool.orchestrator.v1.IntentResult;
import carpool.orchestrator.v1.SetMaintenanceRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `carpool maintenance on|off`.
@Command(
    name = "maintenance",
    description =
        "Keeps this node from serving, and hands over what it serves, until switched off; also over"
            + " reboots.")
final class MaintenanceCommand extends NodeCommand {
  /// The two positions.
  enum Switch {
    ON,
    OFF
  }

  @Parameters(index = "0", paramLabel = "on|off", description = "on or off")
  private Switch position = Switch.OFF;

  @Option(names = "--cause", paramLabel = "TEXT", defaultValue = "operator", description = "why")
  private String cause = "operator";

  static String line(IntentResult result) {
    return (result.getPool().isEmpty() ? "group " + result.getGroup() : "pool " + result.getPool())
        + " "
        + result.getText();
  }

  @Override
  int run(Services services) {
    var answer =
        services
            .orchestrator()
            .setMaintenance(
                SetMaintenanceRequest.newBuilder()
                    .setOn(position == Switch.ON)
                    .setCause(cause)
                    .build());
    if (json()) {
      console().json(answer);
    } else {
      out().println("maintenance " + (answer.getOn() ? "on" : "off"));
      answer.getResultsList().forEach(result -> out().println(line(result)));
      if (!answer.getMessage().isEmpty()) {
        out().println(answer.getMessage());
      }
    }
    return Exit.DONE;
  }
}
