package carpool.cli;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.common.v1.ErrorDetail;
import carpool.kit.grpc.GrpcEndpoint;
import carpool.kit.grpc.HealthBoard;
import carpool.replicator.v1.GetWitnessResponse;
import carpool.replicator.v1.RenewWitnessResponse;
import carpool.replicator.v1.RenewWitnessResult;
import carpool.replicator.v1.Witness;
import carpool.replicator.v1.WitnessMember;
import carpool.replicator.v1.WitnessPermission;
import carpool.replicator.v1.WitnessRecord;
import com.google.protobuf.util.JsonFormat;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WitnessCommandTest {
  @TempDir private Path directory;

  private final FakeWitness replicator = new FakeWitness();
  private GrpcEndpoint server;

  private record Result(int code, String out, String err) {}

  @BeforeEach
  void serve() throws Exception {
    server =
        GrpcEndpoint.unix(
            directory.resolve("replicator.sock"), List.of(replicator), new HealthBoard());
  }

  @AfterEach
  void close() throws Exception {
    server.close(Duration.ofSeconds(5));
  }

  private Result run(String line) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    var code =
        Main.commandLine(
                new Carpool(
                    new PrintStream(out, true, StandardCharsets.UTF_8),
                    new PrintStream(err, true, StandardCharsets.UTF_8)))
            .execute(("--socket-dir " + directory + " witness " + line).split(" "));
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private static Witness.Builder witness() {
    return Witness.newBuilder()
        .setPool("zhast")
        .setReachable(true)
        .setSinceUnixMillis(1)
        .setIncarnation("00000000deadbeef")
        .setPeerTakesPart(true)
        .setRecord(WitnessRecord.WITNESS_RECORD_BOTH)
        .setPermission(WitnessPermission.WITNESS_PERMISSION_ANSWER)
        .setOnLoss("suspend");
  }

  private static WitnessMember.Builder member() {
    return WitnessMember.newBuilder()
        .setEndpoint("https://pi:2379")
        .setAnswers(true)
        .setHasLeader(true)
        .setVersion("3.4.30")
        .setLatencyMicros(1_234);
  }

  @Test
  void showHasEveryEndpointAndTheRecordOfEachPool() {
    replicator.answer =
        GetWitnessResponse.newBuilder()
            .addMembers(member())
            .addMembers(
                WitnessMember.newBuilder()
                    .setEndpoint("https://pi2:2379")
                    .setProblem("https://pi2:2379 cannot be reached: connection refused"))
            .addWitnesses(witness())
            .build();

    var result = run("show");

    assertThat(result.out())
        .isEqualTo(
            """
            ENDPOINT          ANSWERS  ETCD    LATENCY  LEADER  ALARMS  CERTIFICATE  OWN
            https://pi:2379   yes      3.4.30  1.2 ms   yes     -       -            -
            https://pi2:2379  no       -       -        -       -       -            -
            warning  https://pi2:2379 cannot be reached: connection refused
            pool zhast  incarnation 00000000deadbeef  on-loss suspend
              record  both copies are in sync: either node may go on alone
              clients  are answered
            """);
    assertThat(result.code()).isZero();
  }

  @Test
  void showIsJsonToo() throws Exception {
    replicator.answer = GetWitnessResponse.newBuilder().addWitnesses(witness()).build();
    var back = GetWitnessResponse.newBuilder();

    JsonFormat.parser().merge(run("show --json").out(), back);

    assertThat(back.build()).isEqualTo(replicator.answer);
  }

  @Test
  void aPoolThatIsNotKnownFails() {
    replicator.answer =
        GetWitnessResponse.newBuilder().addMembers(member()).addUnknown("tank").build();

    var result = run("show tank");

    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).isEqualTo("carpool: no pool 'tank' with a witness\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"show", "replace", "reset"})
  void withoutAWitnessItSaysHowToConfigureOne(String command) {
    var empty = run(command);
    replicator.none = true;

    assertThat(run(command)).isEqualTo(empty);
    assertThat(empty.code()).isEqualTo(1);
    assertThat(empty.err())
        .startsWith("carpool: no witness is configured on this node")
        .contains("witness: { endpoints:", "docs/witness.md");
  }

  @Test
  void aNamedPoolWithoutAnyWitnessIsToldHowToConfigureOne() {
    replicator.answer = GetWitnessResponse.newBuilder().addUnknown("zhast").build();

    assertThat(run("show zhast").err()).startsWith("carpool: no witness is configured");
  }

  @Test
  void replaceTakesOnlyAnEmptyWitness() {
    replicator.renewed = results(done("zhast"));

    assertThat(run("replace zhast")).isEqualTo(new Result(0, "zhast: incarnation 1\n", ""));
    assertThat(replicator.renewals)
        .singleElement()
        .satisfies(asked -> assertThat(asked.getPoolsList()).containsExactly("zhast"))
        .satisfies(asked -> assertThat(asked.getOverwrite()).isFalse())
        .satisfies(asked -> assertThat(asked.getForce()).isFalse());
  }

  @Test
  void oneRefusedPoolFailsTheCommand() {
    replicator.renewed =
        results(
            done("zhast"),
            RenewWitnessResult.newBuilder()
                .setPool("home")
                .setMessage("the witness has a record")
                .setError(
                    ErrorDetail.newBuilder()
                        .setReason("WITNESS_FAILED")
                        .setHint("carpool witness reset home")));

    var result = run("replace");

    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out()).isEqualTo("zhast: incarnation 1\n");
    assertThat(result.err())
        .isEqualTo(
            """
            carpool: home: the witness has a record (WITNESS_FAILED)
              what to do: carpool witness reset home
            """);
  }

  @Test
  void resetOverwritesWhatIsThere() {
    replicator.renewed = results(done("zhast"));

    assertThat(run("reset").err()).isEmpty();
    assertThat(replicator.renewals.getFirst().getOverwrite()).isTrue();
    assertThat(replicator.renewals.getFirst().getForce()).isFalse();
  }

  /// There is no terminal in a build, so nothing is asked.
  @Test
  void aForcedResetShowsItsRiskFirst() {
    replicator.renewed = results(done("zhast"));

    var result = run("reset --force zhast");

    assertThat(result.err()).isEqualTo("risk: " + WitnessCommand.RISK + "\n");
    assertThat(result.code()).isZero();
    assertThat(replicator.renewals.getFirst().getForce()).isTrue();
  }

  private static RenewWitnessResult.Builder done(String pool) {
    return RenewWitnessResult.newBuilder().setPool(pool).setMessage("incarnation 1");
  }

  private static RenewWitnessResponse results(RenewWitnessResult.Builder... results) {
    var out = RenewWitnessResponse.newBuilder();
    for (var result : results) {
      out.addResults(result);
    }
    return out.build();
  }
}
