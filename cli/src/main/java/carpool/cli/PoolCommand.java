package carpool.cli;

import carpool.cli.output.StatusPage;
import carpool.orchestrator.v1.ClearFailuresRequest;
import carpool.orchestrator.v1.ExportPoolRequest;
import carpool.orchestrator.v1.GetStatusRequest;
import carpool.orchestrator.v1.GetStatusResponse;
import carpool.orchestrator.v1.ImportPoolRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `carpool pool …`.
@Command(
    name = "pool",
    description = "Pools of this node.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      PoolCommand.Show.class,
      PoolCommand.Import.class,
      PoolCommand.Export.class,
      PoolCommand.Clear.class
    })
final class PoolCommand extends GroupCommand {

  /// `carpool pool status`.
  @Command(name = "status", description = "State, health and services of the pools.")
  static final class Show extends NodeCommand {
    @Parameters(paramLabel = "POOL", description = "only these (default: all)")
    private List<String> pools = new ArrayList<>();

    @Override
    int run(Services services) {
      var all = services.orchestrator().getStatus(GetStatusRequest.getDefaultInstance());
      var chosen =
          all.getPoolsList().stream()
              .filter(p -> pools.isEmpty() || pools.contains(p.getName()))
              .toList();
      for (var name : pools) {
        if (chosen.stream().noneMatch(p -> p.getName().equals(name))) {
          throw new CliFailure(
              Exit.FAILED,
              "no pool '"
                  + name
                  + "'; configured: "
                  + String.join(", ", all.getPoolsList().stream().map(p -> p.getName()).toList()));
        }
      }
      if (json()) {
        console().json(GetStatusResponse.newBuilder().addAllPools(chosen));
      } else {
        new StatusPage(out(), paint(), Instant.now()).pools(chosen);
      }
      return Exit.DONE;
    }
  }

  /// `carpool pool import`.
  @Command(
      name = "import",
      description = "Imports a pool whose resources are primary here, and starts its services.")
  static final class Import extends NodeCommand {
    @Parameters(index = "0", paramLabel = "POOL", description = "name of the pool")
    private String pool = "";

    @Override
    int run(Services services) {
      return new ProgressPrinter(console(), json())
          .print(
              services
                  .orchestratorStream()
                  .importPool(ImportPoolRequest.newBuilder().setPool(pool).build()));
    }
  }

  /// `carpool pool export`.
  @Command(name = "export", description = "Stops the services of a pool and exports it.")
  static final class Export extends NodeCommand {
    @Parameters(index = "0", paramLabel = "POOL", description = "name of the pool")
    private String pool = "";

    @Option(names = "--force", description = "export although it is busy")
    private boolean force;

    @Override
    int run(Services services) {
      return new ProgressPrinter(console(), json())
          .print(
              services
                  .orchestratorStream()
                  .exportPool(
                      ExportPoolRequest.newBuilder().setPool(pool).setForce(force).build()));
    }
  }

  /// `carpool pool clear`.
  @Command(
      name = "clear",
      description = "Forgets what failed on this node, so that it counts as good again.")
  static final class Clear extends NodeCommand {
    @Parameters(paramLabel = "POOL", description = "only these (default: all)")
    private List<String> pools = new ArrayList<>();

    @Override
    int run(Services services) {
      var answer =
          services
              .orchestrator()
              .clearFailures(ClearFailuresRequest.newBuilder().addAllPools(pools).build());
      if (json()) {
        console().json(answer);
      } else if (answer.getClearedCount() == 0) {
        out().println("nothing had failed");
      } else {
        answer
            .getClearedList()
            .forEach(
                count -> out().println("cleared: pool " + count.getPool() + " " + count.getWhat()));
      }
      return Exit.DONE;
    }
  }
}
