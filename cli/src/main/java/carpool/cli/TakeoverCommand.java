package carpool.cli;

import carpool.orchestrator.v1.TakeoverRequest;
import carpool.replicator.v1.CheckPromotionRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `carpool takeover`: serve here, by an operator's word.
@Command(
    name = "takeover",
    description = "Takes pools over to this node; with --force even where the checks refuse.")
final class TakeoverCommand extends NodeCommand {
  @Parameters(paramLabel = "POOL", description = "pools to take (default: all)")
  private List<String> pools = new ArrayList<>();

  @Option(
      names = "--force",
      description = "also where the checks refuse; shows the risk and asks to repeat it")
  private boolean force;

  @Option(
      names = "--accept-risk",
      paramLabel = "SENTENCE",
      description = "with --force and no terminal: the sentence of risk, word by word")
  private @Nullable String acceptedRisk;

  @Override
  int run(Services services) {
    var request = TakeoverRequest.newBuilder().addAllPools(pools).setForce(force);
    if (force) {
      request.setAcceptedRisk(acceptedRisk(services));
    }
    return new ProgressPrinter(console(), json())
        .print(services.orchestratorStream().takeover(request.build()));
  }

  private String acceptedRisk(Services services) {
    var risk =
        services
            .replicator()
            .checkPromotion(CheckPromotionRequest.getDefaultInstance())
            .getVerdictsList()
            .stream()
            .map(carpool.replicator.v1.PromotionVerdict::getRisk)
            .filter(r -> !r.isEmpty())
            .distinct()
            .collect(Collectors.joining(" "));
    if (risk.isEmpty() || Objects.equals(acceptedRisk, risk)) {
      return risk;
    }
    if (acceptedRisk != null || !Terminal.isThere()) {
      throw new CliFailure(
          Exit.FAILED,
          "the risk of this takeover is: "
              + risk
              + "\n  nothing was done; to accept it: --accept-risk with exactly that sentence");
    }
    console().err().println("risk: " + risk);
    var typed = Terminal.ask("Type 'accept' to take over all the same: ");
    if (!Objects.equals(typed, "accept")) {
      throw new CliFailure(Exit.FAILED, "not accepted; nothing was done");
    }
    return risk;
  }
}
