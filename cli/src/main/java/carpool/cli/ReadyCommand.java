package carpool.cli;

import carpool.orchestrator.v1.GetStatusRequest;
import picocli.CommandLine.Command;

/// `carpool ready`: the one verdict, for people and scripts.
@Command(
    name = "ready",
    description = "Says whether the pair is ready to fail over, and why not; exit code 0 or 1.")
final class ReadyCommand extends NodeCommand {

  @Override
  int run(Services services) {
    var readiness =
        services.orchestrator().getStatus(GetStatusRequest.getDefaultInstance()).getReadiness();
    if (json()) {
      console().json(readiness);
    } else if (readiness.getReady()) {
      out().println("ready to fail over: yes");
    } else {
      out().println("ready to fail over: no, because");
      readiness.getReasonsList().forEach(reason -> out().println("  " + reason));
    }
    return readiness.getReady() ? Exit.DONE : Exit.FAILED;
  }
}
