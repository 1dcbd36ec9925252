package carpool.cli;

import carpool.replicator.v1.VerifyRequest;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `carpool verify`.
@Command(name = "verify", description = "Compares both copies while in use; marks what differs.")
final class VerifyCommand extends NodeCommand {
  @Parameters(paramLabel = "all|RESOURCE", description = "names (default: all)")
  private List<String> names = new ArrayList<>();

  @Option(names = "--repair", description = "also copy what differs, primary to secondary")
  private boolean repair;

  @Override
  int run(Services services) {
    var answer =
        services
            .replicator()
            .verify(
                VerifyRequest.newBuilder()
                    .addAllResources(ResourceNames.of(names))
                    .setRepair(repair)
                    .build());
    if (json()) {
      console().json(answer);
    }
    return SyncResults.print(this, answer.getResultsList(), "comparing");
  }
}
