package carpool.cli;

import carpool.common.v1.ReloadReport;
import carpool.common.v1.ServiceReload;
import carpool.replicator.v1.ReloadRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine.Command;

/// `carpool reload`.
@Command(
    name = "reload",
    description = {
      "Lets the services of this node read the configuration again; no role changes, no pool moves."
          + " Says for each what is in force now and what needs a restart.",
      "Exit status 1 when a service does not run or refused the files."
    })
final class ReloadCommand extends NodeCommand {
  @Override
  int run(Services services) {
    var report = ReloadReport.newBuilder();
    report.addServices(
        ask(
            services,
            LocalService.REPLICATOR,
            () -> {
              var answer = services.replicator().reload(ReloadRequest.getDefaultInstance());
              return answered(answer.getChangesList(), answer.getNeedsRestartList());
            }));
    report.addServices(
        ask(
            services,
            LocalService.ELECTION,
            () -> {
              var answer =
                  services
                      .election()
                      .reload(carpool.election.v1.ReloadRequest.getDefaultInstance());
              return answered(answer.getChangesList(), answer.getNeedsRestartList());
            }));
    report.addServices(
        ask(
            services,
            LocalService.ORCHESTRATOR,
            () -> {
              var answer =
                  services
                      .orchestrator()
                      .reload(carpool.orchestrator.v1.ReloadRequest.getDefaultInstance());
              return answered(answer.getChangesList(), answer.getNeedsRestartList());
            }));
    if (json()) {
      console().json(report);
    } else {
      report.getServicesList().forEach(this::print);
    }
    boolean failed = report.getServicesList().stream().anyMatch(one -> !one.getProblem().isEmpty());
    return failed ? Exit.FAILED : Exit.DONE;
  }

  /// The services have the same answer in messages of their own.
  private static ServiceReload.Builder answered(List<String> changes, List<String> needsRestart) {
    return ServiceReload.newBuilder().addAllChanges(changes).addAllNeedsRestart(needsRestart);
  }

  private static ServiceReload ask(
      Services services, LocalService service, Supplier<ServiceReload.Builder> question) {
    ServiceReload.Builder out;
    if (services.runs(service)) {
      try {
        out = question.get();
      } catch (StatusRuntimeException e) {
        out = ServiceReload.newBuilder().setProblem(text(e.getStatus()));
      }
    } else {
      var problem = services.notRunning(service).getMessage();
      out = ServiceReload.newBuilder().setProblem(problem == null ? "not running" : problem);
    }
    return out.setService(service.program()).build();
  }

  private static String text(Status status) {
    return status.getDescription() == null ? status.getCode().name() : status.getDescription();
  }

  private void print(ServiceReload one) {
    if (!one.getProblem().isEmpty()) {
      console().err().println("carpool: " + one.getService() + ": " + one.getProblem());
      return;
    }
    one.getChangesList().forEach(line -> out().println(one.getService() + ": " + line));
    one.getNeedsRestartList()
        .forEach(line -> out().println(one.getService() + ": not in force: " + line));
    if (one.getChangesCount() + one.getNeedsRestartCount() == 0) {
      out().println(one.getService() + ": nothing that concerns it has changed");
    }
  }
}
