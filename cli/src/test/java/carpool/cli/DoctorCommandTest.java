package carpool.cli;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.election.v1.ElectionGrpc;
import carpool.election.v1.GetStatusRequest;
import carpool.election.v1.GetStatusResponse;
import carpool.election.v1.Group;
import carpool.election.v1.State;
import carpool.kit.boot.HostSystem;
import carpool.kit.grpc.GrpcEndpoint;
import carpool.kit.grpc.HealthBoard;
import carpool.orchestrator.v1.DiagnoseRequest;
import carpool.orchestrator.v1.DiagnoseResponse;
import carpool.orchestrator.v1.Finding;
import carpool.orchestrator.v1.OrchestratorGrpc;
import carpool.orchestrator.v1.Verdict;
import carpool.replicator.v1.GetWitnessResponse;
import carpool.replicator.v1.WitnessMember;
import io.grpc.BindableService;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DoctorCommandTest {
  private static final String MISSING =
      "CAP_NET_RAW is missing: no advertisement can be sent or heard";

  @TempDir Path directory;

  private final List<GrpcEndpoint> servers = new java.util.ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (var server : servers) {
      server.close(Duration.ofSeconds(5));
    }
  }

  private void serve(String socket, BindableService service) throws Exception {
    servers.add(GrpcEndpoint.unix(directory.resolve(socket), List.of(service), new HealthBoard()));
  }

  private static Group.Builder group(State state) {
    return Group.newBuilder().setName("storage").setState(state).addWarnings(MISSING);
  }

  private String doctor() {
    var out = new ByteArrayOutputStream();
    var stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    Main.commandLine(new Carpool(stream, stream))
        .execute("--socket-dir", directory.toString(), "doctor", "-c", "/nonexistent");
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void missingCapabilityIsNamedWithoutAnOrchestrator() throws Exception {
    serve("election.sock", new FakeElection(group(State.STATE_INIT).build()));

    assertThat(doctor()).containsPattern("failed +carp storage +" + MISSING);
  }

  @Test
  void warningOfAGroupThatTakesPartIsAWarning() throws Exception {
    serve("election.sock", new FakeElection(group(State.STATE_BACKUP).build()));

    assertThat(doctor()).containsPattern("warning +carp storage +" + MISSING);
  }

  @Test
  void warningThatTheOrchestratorFoundTooIsToldOnce() throws Exception {
    serve("election.sock", new FakeElection(group(State.STATE_INIT).build()));
    serve("orchestrator.sock", new FakeOrchestrator("election says: " + MISSING));

    assertThat(doctor()).containsOnlyOnce(MISSING).contains("election says");
  }

  @Test
  void warningThatTheOrchestratorHasNotIsToldBesideItsFindings() throws Exception {
    serve("election.sock", new FakeElection(group(State.STATE_INIT).build()));
    serve("orchestrator.sock", new FakeOrchestrator("zpool is there"));

    assertThat(doctor()).contains(MISSING, "zpool is there");
  }

  @Test
  void servicesThatFailToAnswerAreFindings() throws Exception {
    serve("election.sock", new ElectionGrpc.ElectionImplBase() {});
    serve("orchestrator.sock", new OrchestratorGrpc.OrchestratorImplBase() {});

    assertThat(doctor())
        .containsPattern("failed +election checks +no answer: " + Status.Code.UNIMPLEMENTED)
        .containsPattern("failed +orchestrator checks +no answer: " + Status.Code.UNIMPLEMENTED);
  }

  @Test
  void aWitnessIsLookedAtAndNoneIsNoFinding() throws Exception {
    var replicator = new FakeWitness();
    serve("replicator.sock", replicator);
    replicator.answer =
        GetWitnessResponse.newBuilder()
            .addMembers(WitnessMember.newBuilder().setEndpoint("https://pi:2379"))
            .build();

    assertThat(doctor()).containsPattern("failed +witness https://pi:2379");
    replicator.none = true;
    assertThat(doctor()).doesNotContain("witness");
  }

  @Test
  void unsupportedSystemIsNamed() {
    var bsd = DoctorCommand.system(new HostSystem("FreeBSD", "amd64"));

    assertThat(bsd.getVerdict()).isEqualTo(Verdict.VERDICT_FAILED);
    assertThat(bsd.getFound()).contains("this is FreeBSD on amd64", "carp(4)");
    assertThat(DoctorCommand.system(new HostSystem("Linux", "aarch64")).getVerdict())
        .isEqualTo(Verdict.VERDICT_OK);
    assertThat(DoctorCommand.system(new HostSystem("Linux", "riscv64")).getFound())
        .contains("needs Linux on x86-64 or aarch64, this is Linux on riscv64");
  }

  private static final class FakeElection extends ElectionGrpc.ElectionImplBase {
    private final Group group;

    private FakeElection(Group group) {
      this.group = group;
    }

    @Override
    public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> observer) {
      observer.onNext(GetStatusResponse.newBuilder().addGroups(group).build());
      observer.onCompleted();
    }
  }

  private static final class FakeOrchestrator extends OrchestratorGrpc.OrchestratorImplBase {
    private final String found;

    private FakeOrchestrator(String found) {
      this.found = found;
    }

    @Override
    public void diagnose(DiagnoseRequest request, StreamObserver<DiagnoseResponse> observer) {
      var finding =
          Finding.newBuilder().setCheck("machine").setVerdict(Verdict.VERDICT_OK).setFound(found);
      observer.onNext(DiagnoseResponse.newBuilder().addFindings(finding).build());
      observer.onCompleted();
    }
  }
}
