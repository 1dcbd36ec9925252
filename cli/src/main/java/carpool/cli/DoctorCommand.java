package carpool.cli;

import carpool.cli.output.Table;
import carpool.kit.config.ConfigException;
import carpool.kit.config.ConfigLoader;
import carpool.orchestrator.v1.DiagnoseRequest;
import carpool.orchestrator.v1.DiagnoseResponse;
import carpool.orchestrator.v1.Finding;
import carpool.orchestrator.v1.Verdict;
import java.util.Locale;
import picocli.CommandLine.Command;

/// `carpool doctor`: what this program can see itself, then what the orchestrator finds.
@Command(
    name = "doctor",
    description = "Checks configuration, services, machine and pair; says what to do.")
final class DoctorCommand extends NodeCommand {

  @Override
  int run(Services services) {
    var findings = DiagnoseResponse.newBuilder();
    findings.addFindings(configuration());
    for (var service : LocalService.values()) {
      findings.addFindings(running(services, service));
    }
    if (services.runs(LocalService.ORCHESTRATOR)) {
      findings.addAllFindings(
          services.orchestrator().diagnose(DiagnoseRequest.getDefaultInstance()).getFindingsList());
    }
    if (json()) {
      console().json(findings);
    } else {
      print(findings.build());
    }
    return findings.getFindingsList().stream()
            .anyMatch(f -> f.getVerdict() == Verdict.VERDICT_FAILED)
        ? Exit.FAILED
        : Exit.DONE;
  }

  private void print(DiagnoseResponse answer) {
    var table = new Table("VERDICT", "CHECK", "FOUND");
    for (var finding : answer.getFindingsList()) {
      table.row(verdict(finding), finding.getCheck(), finding.getFound());
    }
    table.print(out(), "");
    answer.getFindingsList().stream()
        .filter(f -> !f.getHint().isEmpty())
        .forEach(f -> out().println(f.getCheck() + ": what to do: " + f.getHint()));
  }

  private String verdict(Finding finding) {
    return switch (finding.getVerdict()) {
      case VERDICT_OK -> paint().good("ok");
      case VERDICT_WARNING -> paint().warning("warning");
      case VERDICT_FAILED -> paint().bad("failed");
      case VERDICT_UNSPECIFIED, UNRECOGNIZED -> "unknown";
    };
  }

  private Finding configuration() {
    var finding = Finding.newBuilder().setCheck("configuration");
    try {
      var loaded = ConfigLoader.load(root().config(), root().node());
      return finding
          .setVerdict(Verdict.VERDICT_OK)
          .setFound(
              "node %s of cluster %s, %d resources"
                  .formatted(
                      loaded.node(), loaded.config().cluster(), loaded.hast().resources().size()))
          .build();
    } catch (ConfigException e) {
      return finding
          .setVerdict(Verdict.VERDICT_FAILED)
          .setFound(e.problems().size() + " problem(s)")
          .setHint("carpool config check --config " + root().config())
          .build();
    }
  }

  private static Finding running(Services services, LocalService service) {
    var runs = services.runs(service);
    var finding =
        Finding.newBuilder()
            .setCheck(service.name().toLowerCase(Locale.ROOT))
            .setVerdict(runs ? Verdict.VERDICT_OK : Verdict.VERDICT_FAILED)
            .setFound((runs ? "listens on " : "nobody listens on ") + services.socket(service));
    return runs ? finding.build() : finding.setHint("systemctl start " + service.program()).build();
  }
}
