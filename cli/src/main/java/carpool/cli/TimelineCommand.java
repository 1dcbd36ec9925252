package carpool.cli;

import carpool.cli.output.TimelinePage;
import carpool.orchestrator.v1.GetTimelineRequest;
import java.time.Instant;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `carpool timeline`.
@Command(
    name = "timeline",
    description = "The last failovers of both nodes, step by step with durations.")
final class TimelineCommand extends NodeCommand {
  @Option(
      names = {"-n", "--count"},
      paramLabel = "N",
      defaultValue = "1",
      description = "how many, newest first (default: ${DEFAULT-VALUE})")
  private int count = 1;

  @Override
  int run(Services services) {
    var answer =
        services
            .orchestrator()
            .getTimeline(GetTimelineRequest.newBuilder().setCount(count).build());
    if (json()) {
      console().json(answer);
    } else {
      new TimelinePage(out(), paint(), Instant.now()).print(answer);
    }
    return Exit.DONE;
  }
}
