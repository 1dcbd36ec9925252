package carpool.cli;

import carpool.orchestrator.v1.SetUnmanagedRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `carpool unmanaged on|off`.
@Command(
    name = "unmanaged",
    description =
        "Leaves the pools of this node as they are, whatever happens, until switched off; also over"
            + " reboots.")
final class UnmanagedCommand extends NodeCommand {
  @Parameters(index = "0", paramLabel = "on|off", description = "on or off")
  private MaintenanceCommand.Switch position = MaintenanceCommand.Switch.OFF;

  @Option(names = "--cause", paramLabel = "TEXT", defaultValue = "operator", description = "why")
  private String cause = "operator";

  @Override
  int run(Services services) {
    var answer =
        services
            .orchestrator()
            .setUnmanaged(
                SetUnmanagedRequest.newBuilder()
                    .setOn(position == MaintenanceCommand.Switch.ON)
                    .setCause(cause)
                    .build());
    if (json()) {
      console().json(answer);
    } else {
      out().println("unmanaged " + (answer.getOn() ? "on" : "off"));
      answer.getResultsList().forEach(result -> out().println(MaintenanceCommand.line(result)));
    }
    return Exit.DONE;
  }
}
