package carpool.cli;

import carpool.cli.output.HastctlForm;
import carpool.replicator.v1.GetStatusRequest;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `carpool list`: everything about resources, in HAST's form.
@Command(name = "list", description = "Everything about resources.")
final class ListCommand extends NodeCommand {
  @Parameters(paramLabel = "all|RESOURCE", description = "names (default: all)")
  private List<String> names = new ArrayList<>();

  @Override
  int run(Services services) {
    var answer =
        services
            .replicator()
            .getStatus(
                GetStatusRequest.newBuilder().addAllResources(ResourceNames.of(names)).build());
    if (json()) {
      console().json(answer);
    } else {
      answer.getResourcesList().forEach(r -> out().print(HastctlForm.list(r)));
    }
    answer
        .getUnknownList()
        .forEach(name ->
            console().err().println("carpool: no resource '" + name + "'; see: carpool list all"));
    return answer.getUnknownCount() == 0 ? Exit.DONE : Exit.FAILED;
  }
}
