package carpool.cli;

import carpool.orchestrator.v1.SwitchoverRequest;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `carpool switchover`.
@Command(
    name = "switchover",
    description = {
      "Moves pools to the other node in an orderly way.",
      "Pools that follow the same CARP group, or groups with the same sync-group, move together."
    })
final class SwitchoverCommand extends NodeCommand {
  @Parameters(paramLabel = "POOL", description = "pools to move (default: all this node serves)")
  private List<String> pools = new ArrayList<>();

  @Option(names = "--plan", description = "only say what would happen")
  private boolean plan;

  @Override
  int run(Services services) {
    return new ProgressPrinter(console(), json())
        .print(
            services
                .orchestratorStream()
                .switchover(
                    SwitchoverRequest.newBuilder().addAllPools(pools).setPlan(plan).build()));
  }
}
