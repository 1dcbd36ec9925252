package carpool.cli;

import carpool.cli.output.Table;
import carpool.election.v1.GetStatusRequest;
import carpool.election.v1.Group;
import carpool.election.v1.State;
import carpool.kit.boot.HostSystem;
import carpool.kit.config.ConfigException;
import carpool.kit.config.ConfigLoader;
import carpool.orchestrator.v1.DiagnoseRequest;
import carpool.orchestrator.v1.DiagnoseResponse;
import carpool.orchestrator.v1.Finding;
import carpool.orchestrator.v1.Verdict;
import carpool.replicator.v1.GetWitnessRequest;
import io.grpc.StatusRuntimeException;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Command;

/// `carpool doctor`: what this program can see itself, what the election warns of, how the witness
/// is, then what the orchestrator finds. A service that does not answer is a finding too.
@Command(
    name = "doctor",
    description = "Checks configuration, services, machine and pair; says what to do.")
final class DoctorCommand extends NodeCommand {

  @Override
  int run(Services services) {
    var findings = DiagnoseResponse.newBuilder();
    findings.addFindings(configuration());
    findings.addFindings(system(HostSystem.current()));
    for (var service : LocalService.values()) {
      findings.addFindings(running(services, service));
    }
    var orchestrator = orchestrator(services);
    findings.addAllFindings(election(services, orchestrator));
    findings.addAllFindings(witness(services));
    findings.addAllFindings(orchestrator);
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

  static Finding system(HostSystem host) {
    var refusal = host.electionRefusal();
    return Finding.newBuilder()
        .setCheck("system")
        .setVerdict(refusal.isEmpty() ? Verdict.VERDICT_OK : Verdict.VERDICT_FAILED)
        .setFound(refusal.orElseGet(host::toString))
        .build();
  }

  private List<Finding> orchestrator(Services services) {
    if (!services.runs(LocalService.ORCHESTRATOR)) {
      return List.of();
    }
    try {
      return services
          .orchestrator()
          .diagnose(DiagnoseRequest.getDefaultInstance())
          .getFindingsList();
    } catch (StatusRuntimeException e) {
      return List.of(noAnswer("orchestrator checks", e));
    }
  }

  /// The warnings of each group, unless the orchestrator has them among its findings.
  private List<Finding> election(Services services, List<Finding> known) {
    if (!services.runs(LocalService.ELECTION)) {
      return List.of();
    }
    try {
      return services
          .election()
          .getStatus(GetStatusRequest.getDefaultInstance())
          .getGroupsList()
          .stream()
          .flatMap(group ->
              group.getWarningsList().stream()
                  .filter(text -> known.stream().noneMatch(f -> f.getFound().contains(text)))
                  .map(text -> warning(group, text)))
          .toList();
    } catch (StatusRuntimeException e) {
      return List.of(noAnswer("election checks", e));
    }
  }

  /// Every endpoint is asked by the replicator. Having no witness is no finding.
  private static List<Finding> witness(Services services) {
    if (!services.runs(LocalService.REPLICATOR)) {
      return List.of();
    }
    try {
      return WitnessFindings.of(
          services.replicator().getWitness(GetWitnessRequest.getDefaultInstance()), Instant.now());
    } catch (StatusRuntimeException e) {
      return WitnessCommand.isNone(e) ? List.of() : List.of(noAnswer("witness checks", e));
    }
  }

  /// A group in INIT takes no part in the election, so what it warns of is why.
  private static Finding warning(Group group, String text) {
    boolean out = group.getState() == State.STATE_INIT;
    return Finding.newBuilder()
        .setCheck("carp " + group.getName())
        .setVerdict(out ? Verdict.VERDICT_FAILED : Verdict.VERDICT_WARNING)
        .setFound(text)
        .build();
  }

  private static Finding noAnswer(String check, StatusRuntimeException failure) {
    var status = failure.getStatus();
    var text = status.getDescription() == null ? "" : ": " + status.getDescription();
    return Finding.newBuilder()
        .setCheck(check)
        .setVerdict(Verdict.VERDICT_FAILED)
        .setFound("no answer: " + status.getCode() + text)
        .build();
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
