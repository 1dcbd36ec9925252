package carpool.cli;

import carpool.orchestrator.v1.ExplainRequest;
import picocli.CommandLine.Command;

/// `carpool why`.
@Command(name = "why", description = "Explains why each thing is as it is, in sentences.")
final class WhyCommand extends NodeCommand {

  @Override
  int run(Services services) {
    var answer = services.orchestrator().explain(ExplainRequest.getDefaultInstance());
    if (json()) {
      console().json(answer);
    } else {
      answer.getSentencesList().forEach(out()::println);
    }
    return Exit.DONE;
  }
}
