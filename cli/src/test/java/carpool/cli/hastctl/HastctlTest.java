package carpool.cli.hastctl;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.common.v1.ErrorDetail;
import carpool.kit.grpc.GrpcEndpoint;
import carpool.kit.grpc.HealthBoard;
import carpool.replicator.v1.GetStatusRequest;
import carpool.replicator.v1.GetStatusResponse;
import carpool.replicator.v1.ReplicatorGrpc;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import carpool.replicator.v1.SetRoleRequest;
import carpool.replicator.v1.SetRoleResponse;
import carpool.replicator.v1.SetRoleResult;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The command lines of the guides against a replicator that keeps roles in memory.
class HastctlTest {
  @TempDir Path directory;
  private Path config = Path.of("");

  @BeforeEach
  void hastConf() throws Exception {
    config = directory.resolve("hast.conf");
    Files.writeString(
        config,
        """
        resource disk1 { on hast1 { local /dev/ad1 remote hast2 } on hast2 { local /dev/ad1 remote hast1 } }
        resource disk2 { on hast1 { local /dev/ad2 remote hast2 } on hast2 { local /dev/ad2 remote hast1 } }
        """);
  }

  @Test
  void roleAndStatusWorkAsInTheGuides() throws Exception {
    var replicator = new FakeReplicator();
    var socket = directory.resolve("replicator.sock");
    var server = GrpcEndpoint.unix(socket, List.of(replicator), new HealthBoard());
    try {
      assertThat(run("role", "-c", config.toString(), "primary", "all"))
          .isEqualTo(new Result(0, "", ""));
      assertThat(replicator.asked).containsExactly("disk1", "disk2");
      assertThat(run("status", "-c" + config))
          .isEqualTo(
              new Result(
                  0,
                  """
                  Name\tStatus\t Role\t\tComponents
                  disk1\tdegraded primary        /dev/ad\thast2
                  disk2\tdegraded primary        /dev/ad\thast2
                  """,
                  ""));
      assertThat(run("status", "-dc", config.toString(), "nope", "disk2"))
          .isEqualTo(
              new Result(
                  1,
                  """
                  Name\tStatus\t Role\t\tComponents
                  nope\tERR1
                  disk2\tdegraded primary        /dev/ad\thast2
                  """,
                  ""));
      assertThat(run("role", "-c", config.toString(), "primary", "nope"))
          .isEqualTo(
              new Result(
                  1, "", "[WARNING] [nope] Received error 1 from hastd.\n  no such resource\n"));
    } finally {
      server.close(Duration.ofSeconds(5));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-h",
        "frobnicate",
        "create",
        "role",
        "role primary",
        "role master all",
        "status -x",
        "list -c",
        "status -e 2m"
      })
  void wrongCommandLineGivesTheUsageAnd64(String line) {
    var result = run(line.isEmpty() ? new String[0] : line.split(" "));

    assertThat(result.code()).isEqualTo(64);
    assertThat(result.err()).endsWith(HastctlUsage.TEXT);
    assertThat(result.out()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"-e, extentsize", "-k, keepdirty", "-m, mediasize"})
  void wrongSizeIsNamed(String option, String word) {
    assertThat(run("create", option, "2x", "disk1"))
        .isEqualTo(new Result(64, "", "[ERROR] Invalid " + word + ".\n"));
  }

  @Test
  void missingFileGives72WrongFile78AndNoDaemon71() throws Exception {
    assertThat(run("status", "-c", "/nonexistent"))
        .isEqualTo(
            new Result(
                72,
                "",
                "[ERROR] Unable to open configuration file /nonexistent: No such file or directory.\n"));
    assertThat(run("status", "-c", config.toString()).code()).isEqualTo(71);
    Files.writeString(config, "resource {");
    assertThat(run("status", "-c", config.toString()).code()).isEqualTo(78);
  }

  @Test
  void unknownResourceOfCreateGives65() {
    assertThat(run("create", "-c", config.toString(), "nope"))
        .isEqualTo(new Result(65, "", "[ERROR] Unknown resource nope.\n"));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "64, 64",
    "2m, 2097152",
    "2M, 2097152",
    "0x10k, 16384",
    "010, 8",
    "1e, 1152921504606846976"
  })
  void sizesAreInCNotationWithOneUnit(String text, long bytes) {
    assertThat(SizeOption.parse(text)).contains(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "m", "2mb", "-1", "1.5m", "08", "9e", "0x", "99999999999999999999"})
  void otherSizesAreRefused(String text) {
    assertThat(SizeOption.parse(text)).isEmpty();
  }

  private Result run(String... words) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    var code =
        new Hastctl(
                directory.resolve("replicator.sock"),
                Optional.of("hast1.freebsd.loc"),
                directory.resolve("carpool.yaml"),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8))
            .run(words);
    return new Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private record Result(int code, String out, String err) {}

  private static final class FakeReplicator extends ReplicatorGrpc.ReplicatorImplBase {
    private final List<String> known = Arrays.asList("disk1", "disk2");
    private final List<String> asked = new ArrayList<>();
    private Role role = Role.ROLE_INIT;

    @Override
    public void setRole(SetRoleRequest request, StreamObserver<SetRoleResponse> observer) {
      var answer = SetRoleResponse.newBuilder();
      for (var name : request.getResourcesList()) {
        var result = SetRoleResult.newBuilder().setResource(name);
        if (known.contains(name)) {
          asked.add(name);
          role = request.getRole();
        } else {
          result
              .setError(ErrorDetail.newBuilder().setReason("RESOURCE_UNKNOWN"))
              .setMessage("no such resource");
        }
        answer.addResults(result);
      }
      observer.onNext(answer.build());
      observer.onCompleted();
    }

    @Override
    public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> observer) {
      var answer = GetStatusResponse.newBuilder();
      for (var name : request.getResourcesList()) {
        if (known.contains(name)) {
          answer.addResources(
              Resource.newBuilder()
                  .setName(name)
                  .setRole(role)
                  .setLocalPath("/dev/ad")
                  .setRemoteAddress("hast2")
                  .setWorkerPid(1));
        } else {
          answer.addUnknown(name);
        }
      }
      observer.onNext(answer.build());
      observer.onCompleted();
    }
  }
}
