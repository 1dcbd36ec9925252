package carpool.cli;

import carpool.cli.output.StatusPage;
import carpool.cli.output.WitnessWords;
import carpool.orchestrator.v1.GetStatusRequest;
import carpool.orchestrator.v1.GetStatusResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `carpool status`: the page an operator opens first. Without an orchestrator it shows what the
/// other services tell.
@Command(
    name = "status",
    description = "Everything an operator asks first: CARP, pools, resources, last failover.")
final class StatusCommand extends NodeCommand {
  @Parameters(
      paramLabel = "NAME",
      description = "only these resources, pools and groups (default: all)")
  private List<String> names = new ArrayList<>();

  @Override
  int run(Services services) {
    var whole = services.runs(LocalService.ORCHESTRATOR);
    var status =
        whole
            ? services.orchestrator().getStatus(GetStatusRequest.getDefaultInstance())
            : parts(services);
    var witnesses = WitnessWords.byPool(status.getResourcesList());
    status = StatusFilter.only(names, status);
    if (json()) {
      console().json(status);
    } else {
      new StatusPage(out(), paint(), Instant.now()).print(status, witnesses);
    }
    if (!whole) {
      console()
          .err()
          .println("carpool: " + services.notRunning(LocalService.ORCHESTRATOR).getMessage());
    }
    return whole && status.getElectionProblem().isEmpty() && status.getReplicatorProblem().isEmpty()
        ? Exit.DONE
        : Exit.FAILED;
  }

  private static GetStatusResponse parts(Services services) {
    if (List.of(LocalService.values()).stream().noneMatch(services::runs)) {
      throw services.notRunning(LocalService.ORCHESTRATOR);
    }
    var status = GetStatusResponse.newBuilder();
    if (services.runs(LocalService.ELECTION)) {
      var election =
          services.election().getStatus(carpool.election.v1.GetStatusRequest.getDefaultInstance());
      status.setProcess(election.getProcess()).addAllGroups(election.getGroupsList());
    } else {
      status.setElectionProblem("carpool-election is not running");
    }
    if (services.runs(LocalService.REPLICATOR)) {
      var replicator =
          services
              .replicator()
              .getStatus(carpool.replicator.v1.GetStatusRequest.getDefaultInstance());
      status
          .setProcess(replicator.getProcess())
          .addAllResources(replicator.getResourcesList())
          .setConfigDiffers(replicator.getConfigDiffers());
    } else {
      status.setReplicatorProblem("carpool-replicator is not running");
    }
    return status.build();
  }
}
