package carpool.orchestrator;

import carpool.orchestrator.exec.Commands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Who ends this process, and whether to start it again at once. A signal does not say that, so the
/// supervisor is asked. Whatever is not known to be a restart is an end: stop, shutdown, removal, a
/// supervisor that does not answer, none at all.
///
/// | supervisor | a restart is |
/// |---|---|
/// | systemd (`CARPOOL_UNIT` names the unit) | a running job `restart` of the unit; a stop and a shutdown are jobs `stop` |
/// | s6 | the service is wanted up: `s6-svc -r`; `-d` and the end of s6-svscan want it down |
/// | runit | neither `want down` nor `want exit`: `sv restart`; `sv stop` and the end of runsvdir |
final class Supervisor {
  private static final Logger LOG = LoggerFactory.getLogger("carpool.orchestrator");
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private static final Pattern RESTART_JOB =
      Pattern.compile("[0-9]+\\s+(\\S+)\\s+restart\\s+running");

  private final Optional<String> unit;
  private final Path serviceDir;

  /// @param unit this process's unit of systemd
  /// @param serviceDir where s6 or runit keeps `supervise`: the working directory of `run`
  Supervisor(Optional<String> unit, Path serviceDir) {
    this.unit = unit;
    this.serviceDir = serviceDir;
  }

  static Supervisor ofThisProcess() {
    return new Supervisor(
        Optional.ofNullable(System.getenv("CARPOOL_UNIT")).filter(name -> !name.isEmpty()),
        Path.of("").toAbsolutePath());
  }

  /// What says that this process is ended to be started again; empty: nothing does.
  String restarting() throws InterruptedException {
    if (unit.isPresent()) {
      return bySystemd(unit.get());
    }
    var runit = serviceDir.resolve("supervise/stat");
    if (Files.exists(runit)) {
      return byRunit(runit);
    }
    return Files.exists(serviceDir.resolve("supervise/status")) ? byS6() : "";
  }

  private static String bySystemd(String unit) throws InterruptedException {
    var jobs = answer(List.of("systemctl", "list-jobs", "--no-legend", "--no-pager", "--full"));
    return isRestarted(unit, jobs) ? "systemd restarts " + unit : "";
  }

  /// @param jobs number, unit, type and state of each, a line each
  static boolean isRestarted(String unit, String jobs) {
    return jobs.lines()
        .map(line -> RESTART_JOB.matcher(line.strip()))
        .anyMatch(job -> job.matches() && job.group(1).equals(unit));
  }

  private String byS6() throws InterruptedException {
    var wanted = answer(List.of("s6-svstat", "-o", "wantedup", serviceDir.toString()));
    return wanted.strip().equals("true") ? "s6 wants the service up" : "";
  }

  private static String byRunit(Path stat) {
    try {
      var state = Files.readString(stat).strip();
      var goesOn =
          state.startsWith("run") && !state.contains("want down") && !state.contains("want exit");
      return goesOn ? "runit wants the service up" : "";
    } catch (IOException e) {
      LOG.warn("cannot ask the supervisor: {}", e.toString());
      return "";
    }
  }

  /// Its output; empty when it failed.
  private static String answer(List<String> argv) throws InterruptedException {
    var result = Commands.run(argv, Map.of(), PATIENCE, new Commands.Handle());
    if (!result.done()) {
      LOG.warn("cannot ask the supervisor: {}", result.problem());
      return "";
    }
    return result.out();
  }
}
