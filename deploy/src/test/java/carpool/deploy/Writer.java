package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.regex.Pattern;
import org.testcontainers.DockerClientFactory;

/// A client on the clients' network that writes numbered records through the shared address and
/// notes which of them it was promised. It speaks to whatever node has the address, and knows
/// nothing of nodes.
final class Writer {
  private static final String PROGRAM = "/usr/libexec/carpool-lab/writer";
  private static final String LEDGER = "/tmp/ledger";
  private static final String REPORT = "/tmp/report";
  private static final Pattern LONGEST = Pattern.compile("longest (\\d+) ms");
  private static final Pattern FAILED = Pattern.compile("(\\d+) attempts failed");
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private final Lab lab;
  private final Node client;

  Writer(Lab lab, Node client) {
    this.lab = lab;
    this.client = client;
  }

  /// Starts it and waits until it has been promised something.
  void start() throws InterruptedException {
    start(PATIENCE);
  }

  /// As [#start()].
  ///
  /// @param patience for each answer; an attempt without one has failed
  void start(Duration patience) throws InterruptedException {
    Lab.must(client, "touch", LEDGER);
    var docker = DockerClientFactory.instance().client();
    var exec =
        docker
            .execCreateCmd(client.getContainerId())
            .withCmd(
                "sh",
                "-c",
                "PATIENCE=%d exec %s run %s 7000 %s >%s"
                    .formatted(patience.toSeconds(), PROGRAM, Lab.VIP, LEDGER, REPORT))
            .exec();
    try {
      docker.execStartCmd(exec.getId()).withDetach(true).exec(new Discard()).awaitCompletion();
    } catch (RuntimeException e) {
      throw new AssertionError("the writer does not start", e);
    }
    writesAgain();
  }

  /// Waits for further promises.
  void writesAgain() throws InterruptedException {
    long before = promised();
    lab.await("acknowledged writes", Duration.ofMinutes(2), () -> promised() > before + 20);
  }

  long promised() {
    var lines = client.run("sh", "-c", "wc -l <" + LEDGER).output().strip();
    return lines.isEmpty() ? 0 : Long.parseLong(lines);
  }

  /// Ends it, and says what it saw.
  String stop() throws InterruptedException {
    client.run("pkill", "-TERM", "-f", PROGRAM + " run");
    Lab.await(
        "end of the writer",
        Duration.ofSeconds(15),
        () -> !client.run("pgrep", "-f", PROGRAM + " run").ok(),
        client::processes);
    return client.run("cat", REPORT).output();
  }

  /// Ends it and reads everything back that any writer was promised since the lab began.
  ///
  /// @return the longest time between two answers, milliseconds
  long stopAndFindEverything(String scenario) throws InterruptedException {
    var report = stop();
    var check = client.run(PROGRAM, "check", Lab.VIP, LEDGER);
    System.out.println(scenario + ": " + lastLine(report) + "; " + check.output().strip());
    assertThat(check.exitCode()).as("%s%n%s%s", scenario, check, lab.logs()).isZero();
    var longest = LONGEST.matcher(report);
    assertThat(longest.find()).as(report).isTrue();
    return Long.parseLong(longest.group(1));
  }

  /// How many attempts of the writer that has ended had no answer, a wrong one or no connection.
  long failedAttempts() {
    var report = client.run("cat", REPORT).output();
    var failed = FAILED.matcher(report);
    assertThat(failed.find()).as(report).isTrue();
    return Long.parseLong(failed.group(1));
  }

  private static String lastLine(String report) {
    return report.strip().lines().reduce("", (_, last) -> last);
  }

  private static final class Discard
      extends com.github.dockerjava.api.async.ResultCallback.Adapter<
          com.github.dockerjava.api.model.Frame> {}
}
