package carpool.cli;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.cli.rehearsal.SampleNode;
import carpool.kit.grpc.GrpcEndpoint;
import carpool.kit.grpc.HealthBoard;
import carpool.orchestrator.v1.GetStatusRequest;
import carpool.orchestrator.v1.GetStatusResponse;
import carpool.orchestrator.v1.OrchestratorGrpc;
import com.google.protobuf.util.JsonFormat;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CarpoolCommandTest {
  private static final Path EXAMPLES = Path.of("../deploy/src/main/etc");

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "watch",
        "why",
        "timeline",
        "switchover",
        "maintenance on",
        "pool status",
        "pool import z",
        "pool export z",
        "takeover",
        "status"
      })
  void commandOfTheOrchestratorSaysWhichSocketAndHowToStartIt(String line) {
    var result = run(line);

    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err())
        .contains(
            "carpool-orchestrator is not running on this node: nobody listens on "
                + directory
                + "/orchestrator.sock")
        .contains("systemctl start carpool-orchestrator");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "role primary all",
        "list",
        "sync",
        "verify",
        "split-brain show",
        "witness show",
        "witness reset",
        "reload",
        "split-brain keep-local disk1"
      })
  void commandOfTheReplicatorSaysWhichSocketAndHowToStartIt(String line) {
    assertThat(run(line).err()).contains("nobody listens on " + directory + "/replicator.sock");
  }

  @ParameterizedTest
  @ValueSource(strings = {"carp status", "carp resign", "carp demote", "carp undemote"})
  void commandOfTheElectionSaysWhichSocketAndHowToStartIt(String line) {
    assertThat(run(line).err()).contains("nobody listens on " + directory + "/election.sock");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "frobnicate",
        "",
        "role",
        "role master all",
        "role primary",
        "maintenance",
        "pool",
        "carp",
        "split-brain keep-peer",
        "witness",
        "witness replace --force",
        "status --timeout 10",
        "carp demote --amount 300",
        "create"
      })
  void wrongCommandLineGivesTwo(String line) {
    assertThat(run(line).code()).as(run(line).err()).isEqualTo(2);
  }

  @Test
  void statusIsPrintedForPeopleAndAsJson() throws Exception {
    var server =
        GrpcEndpoint.unix(
            directory.resolve("orchestrator.sock"), List.of(new Answers()), new HealthBoard());
    try {
      assertThat(run("status").out()).contains("pool zhast  serving").doesNotContain("\u001b");
      assertThat(run("status --color always").out()).contains("\u001b[32mserving\u001b[0m");
      var back = GetStatusResponse.newBuilder();
      JsonFormat.parser().merge(run("--json status").out(), back);
      assertThat(back.build()).isEqualTo(SampleNode.status());
      assertThat(run("why"))
          .isEqualTo(
              new Result(
                  1,
                  "",
                  "carpool: the running service does not offer this command; is it of the same"
                      + " version as this program (carpool "
                      + carpool.kit.boot.Version.current()
                      + ")?\n"));
    } finally {
      server.close(Duration.ofSeconds(5));
    }
  }

  @Test
  void examplesOfTheDistributionAreGood() throws Exception {
    var yaml = directory.resolve("carpool.yaml");
    Files.writeString(
        yaml,
        Files.readString(EXAMPLES.resolve("carpool.yaml"))
            .replace(
                "#hast: /etc/hast.conf",
                "hast: " + EXAMPLES.toAbsolutePath().resolve("hast.conf")));

    assertThat(run("config check --node hast2 -c " + yaml))
        .satisfies(r -> assertThat(r.err()).isEmpty())
        .satisfies(r ->
            assertThat(r.out())
                .startsWith(
                    "good: node hast2 of cluster storage: 3 resource(s), 1 election group(s), 1 pool(s), 0 hook(s)\n"));
  }

  @Test
  void badConfigurationGivesTwoAndEveryProblem() throws Exception {
    var yaml = directory.resolve("carpool.yaml");
    Files.writeString(yaml, "cluster: c\nhast: /nonexistent\nx: 1\n");

    var result = run("config check -c " + yaml);

    assertThat(result.code()).isEqualTo(2);
    assertThat(result.err())
        .contains("/nonexistent: no such file")
        .contains(yaml + ":3:1: unknown key 'x'")
        .endsWith("carpool: 2 problem(s)\n");
    assertThat(run("config check --json -c " + yaml).out())
        .contains("\"good\": false")
        .contains("\"line\": 3");
  }

  @Test
  void completionScriptKnowsTheCommands() {
    assertThat(run("completion").out()).contains("complete -F").contains("switchover");
  }

  @Test
  void doctorWorksWithoutAnyService() {
    var result = run("doctor -c /nonexistent");

    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out())
        .contains("failed   replicator")
        .contains("what to do: systemctl start");
  }

  private Result run(String line) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    var words = ("--socket-dir " + directory + " " + line).strip().split(" ");
    var code =
        Main.commandLine(
                new Carpool(
                    new PrintStream(out, true, StandardCharsets.UTF_8),
                    new PrintStream(err, true, StandardCharsets.UTF_8)))
            .execute(words);
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private record Result(int code, String out, String err) {}

  private static final class Answers extends OrchestratorGrpc.OrchestratorImplBase {
    @Override
    public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> observer) {
      observer.onNext(SampleNode.status());
      observer.onCompleted();
    }
  }
}
