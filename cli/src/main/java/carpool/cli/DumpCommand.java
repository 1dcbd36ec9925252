package carpool.cli;

import carpool.cli.output.HastctlForm;
import carpool.cli.output.Words;
import carpool.replicator.v1.DumpRequest;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `carpool dump`: the metadata on the local provider. Works without the service, too.
@Command(name = "dump", description = "The metadata on the local provider.")
final class DumpCommand extends NodeCommand {
  @Parameters(paramLabel = "all|RESOURCE", description = "names (default: all)")
  private List<String> names = new ArrayList<>();

  @Override
  int run(Services services) throws Exception {
    if (!services.runs(LocalService.REPLICATOR)) {
      var arguments = new ArrayList<>(List.of("dump"));
      arguments.addAll(OfflineOptions.of(root()));
      arguments.addAll(names);
      return Sibling.run("carpool-replicator", arguments, console().err());
    }
    var answer =
        services
            .replicator()
            .dump(DumpRequest.newBuilder().addAllResources(ResourceNames.of(names)).build());
    if (json()) {
      console().json(answer);
    }
    var done = true;
    for (var result : answer.getResultsList()) {
      if (!accepted(
          result.getResource(), result.getMessage(), result.hasError(), result.getError())) {
        done = false;
      } else if (!json()) {
        var metadata = result.getMetadata();
        out().print(HastctlForm.dump(metadata));
        out().println("    disk: " + Words.of(metadata.getDisk()));
        out().println("    dirty extents: " + metadata.getDirtyExtents());
      }
    }
    return done ? Exit.DONE : Exit.FAILED;
  }
}
