package carpool.cli;

import carpool.replicator.v1.RepairSource;
import carpool.replicator.v1.VerifyAction;
import carpool.replicator.v1.VerifyRequest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `carpool verify`.
@Command(name = "verify", description = "Compares both copies while in use; marks what differs.")
final class VerifyCommand extends NodeCommand {
  @Parameters(paramLabel = "all|RESOURCE", description = "names (default: all)")
  private List<String> names = new ArrayList<>();

  @Option(names = "--repair", description = "also copy what differs; needs --source")
  private boolean repair;

  @Option(
      names = "--source",
      paramLabel = "local|peer",
      description = "whose copy is right, for --repair")
  private @Nullable String source;

  @Option(names = "--stop", description = "stop; --resume goes on from there")
  private boolean stop;

  @Option(names = "--resume", description = "go on where --stop stopped")
  private boolean resume;

  @Override
  int run(Services services) {
    if ((stop && resume) || (repair && (stop || resume))) {
      throw new CliFailure(Exit.USAGE, "--repair, --stop and --resume exclude each other");
    }
    if (source != null && !repair) {
      throw new CliFailure(Exit.USAGE, "--source needs --repair");
    }
    var answer =
        services
            .replicator()
            .verify(
                VerifyRequest.newBuilder()
                    .addAllResources(ResourceNames.of(names))
                    .setRepair(repair)
                    .setSource(source())
                    .setAction(action())
                    .build());
    if (json()) {
      console().json(answer);
    }
    return SyncResults.print(this, answer.getResultsList(), stop ? "stopped," : "comparing");
  }

  private RepairSource source() {
    var named = source;
    if (named == null) {
      return RepairSource.REPAIR_SOURCE_UNSPECIFIED;
    }
    return switch (named) {
      case "local" -> RepairSource.REPAIR_SOURCE_LOCAL;
      case "peer" -> RepairSource.REPAIR_SOURCE_PEER;
      default ->
          throw new CliFailure(Exit.USAGE, "'" + named + "' after --source; allowed: local, peer");
    };
  }

  private VerifyAction action() {
    if (stop) {
      return VerifyAction.VERIFY_ACTION_STOP;
    }
    return resume ? VerifyAction.VERIFY_ACTION_RESUME : VerifyAction.VERIFY_ACTION_UNSPECIFIED;
  }
}
