package carpool.cli;

import carpool.kit.config.Units;
import carpool.replicator.v1.SyncAction;
import carpool.replicator.v1.SyncRequest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `carpool sync`.
@Command(name = "sync", description = "Copies what differs to the peer now.")
final class SyncCommand extends NodeCommand {
  @Parameters(paramLabel = "all|RESOURCE", description = "names (default: all)")
  private List<String> names = new ArrayList<>();

  @Option(names = "--full", description = "every block, not only those known to differ")
  private boolean full;

  @Option(names = "--rate", paramLabel = "SIZE/s", description = "limit, as 50MiB/s")
  private @Nullable String rate;

  @Option(names = "--pause", description = "let copying and comparing rest")
  private boolean pause;

  @Option(names = "--resume", description = "go on after --pause")
  private boolean resume;

  @Override
  int run(Services services) {
    var request = SyncRequest.newBuilder().addAllResources(ResourceNames.of(names)).setFull(full);
    var wanted = rate;
    if ((pause && resume) || ((pause || resume) && (full || wanted != null))) {
      throw new CliFailure(Exit.USAGE, "--pause and --resume stand alone");
    }
    if (pause) {
      request.setAction(SyncAction.SYNC_ACTION_PAUSE);
    } else if (resume) {
      request.setAction(SyncAction.SYNC_ACTION_RESUME);
    }
    if (wanted != null) {
      var limit =
          Units.rate(wanted)
              .orElseThrow(() ->
                  new CliFailure(
                      Exit.USAGE,
                      "'" + wanted + "' after --rate; allowed: unlimited, or SIZE/s as 50MiB/s"));
      request.setRateBytesPerSecond(limit.isUnlimited() ? -1 : limit.bytesPerSecond());
    }
    var answer = services.replicator().sync(request.build());
    if (json()) {
      console().json(answer);
    }
    return SyncResults.print(this, answer.getResultsList(), pause ? "paused," : "copying");
  }
}
