package carpool.cli;

import carpool.replicator.v1.ReloadRequest;
import picocli.CommandLine.Command;

/// `carpool reload`.
@Command(
    name = "reload",
    description =
        "Lets the replicator read the configuration again; no role changes. Says what has changed"
            + " and what needs a restart.")
final class ReloadCommand extends NodeCommand {
  @Override
  int run(Services services) {
    var answer = services.replicator().reload(ReloadRequest.getDefaultInstance());
    if (json()) {
      console().json(answer);
    } else {
      answer.getChangesList().forEach(out()::println);
    }
    return Exit.DONE;
  }
}
