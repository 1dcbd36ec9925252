package carpool.kit.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.election.v1.ElectionGrpc;
import carpool.election.v1.GetStatusRequest;
import carpool.election.v1.GetStatusResponse;
import carpool.election.v1.ResignRequest;
import carpool.election.v1.ResignResponse;
import carpool.kit.boot.TestCertificates;
import carpool.kit.config.CarpoolConfig.TlsFiles;
import carpool.orchestrator.v1.OrchestratorGrpc;
import carpool.replicator.v1.ReplicatorGrpc;
import com.google.protobuf.DescriptorProtos.MethodOptions.IdempotencyLevel;
import io.grpc.ManagedChannel;
import io.grpc.ServiceDescriptor;
import io.grpc.protobuf.ProtoMethodDescriptorSupplier;
import io.grpc.stub.StreamObserver;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Who may look and who may operate, at real sockets.
final class AccessControlTest {
  private static final Duration SOON = Duration.ofSeconds(1);

  @TempDir private Path directory = Path.of("");

  private static final class Group extends ElectionGrpc.ElectionImplBase {
    private int resigned;

    @Override
    public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> answer) {
      answer.onNext(GetStatusResponse.getDefaultInstance());
      answer.onCompleted();
    }

    @Override
    public void resign(ResignRequest request, StreamObserver<ResignResponse> answer) {
      resigned++;
      answer.onNext(ResignResponse.getDefaultInstance());
      answer.onCompleted();
    }
  }

  private final Group group = new Group();

  private GrpcEndpoint tcp(Optional<TlsFiles> tls, String... operators) throws Exception {
    return GrpcEndpoint.tcp(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
        tls,
        List.of(operators),
        List.of(group),
        new HealthBoard());
  }

  private static ManagedChannel to(GrpcEndpoint endpoint, Optional<TlsFiles> tls) throws Exception {
    return Channels.tcp(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), endpoint.port()), tls, 10_000);
  }

  private static ElectionGrpc.ElectionBlockingStub stub(ManagedChannel channel) {
    return ElectionGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  private static void resign(ManagedChannel channel) {
    var _ = stub(channel).resign(ResignRequest.getDefaultInstance());
  }

  private static void look(ManagedChannel channel) {
    var _ = stub(channel).getStatus(GetStatusRequest.getDefaultInstance());
  }

  private void mayOnlyLook(ManagedChannel channel) {
    look(channel);
    assertThatThrownBy(() -> resign(channel))
        .hasMessageContaining("PERMISSION_DENIED")
        .hasMessageContaining("may look and not operate")
        .satisfies(failure ->
            assertThat(ServiceError.detailOf(failure).orElseThrow().getHint())
                .contains("operators"));
    assertThat(group.resigned).isZero();
  }

  /// Every local user reaches a port on loopback.
  @Test
  void loopbackWithoutTlsIsNoOperatorsDoor() throws Exception {
    var endpoint = tcp(Optional.empty(), "localhost");
    var channel = to(endpoint, Optional.empty());
    mayOnlyLook(channel);
    channel.shutdownNow();
    endpoint.close(SOON);
  }

  @Test
  void aCertificateThatIsNotNamedMayLook() throws Exception {
    var files = Optional.of(TestCertificates.make(directory));
    var endpoint = tcp(files, "somebody.else");
    var channel = to(endpoint, files);
    mayOnlyLook(channel);
    channel.shutdownNow();
    endpoint.close(SOON);
  }

  @Test
  void aCertificateThatIsNamedMayOperate() throws Exception {
    var files = Optional.of(TestCertificates.make(directory));
    var endpoint = tcp(files, "LOCALHOST");
    var channel = to(endpoint, files);
    look(channel);
    resign(channel);
    assertThat(group.resigned).isEqualTo(1);
    channel.shutdownNow();
    endpoint.close(SOON);
  }

  @Test
  void whoeverOpensTheSocketMayOperate() throws Exception {
    var socket = directory.resolve("run/election.sock");
    var endpoint = GrpcEndpoint.unix(socket, List.of(group), new HealthBoard());
    for (var channel :
        List.of(
            Channels.unix(socket),
            Channels.unix(socket, "carpool as root\nforged"),
            Channels.unixForService(socket, "carpool-orchestrator"))) {
      look(channel);
      resign(channel);
      channel.shutdownNow();
    }
    assertThat(group.resigned).isEqualTo(3);
    endpoint.close(SOON);
  }

  /// What changes nothing, all of it. A call that is missing here is an operator's.
  @Test
  void lookingIsExactlyThis() {
    assertThat(
            Stream.of(
                    ReplicatorGrpc.getServiceDescriptor(),
                    ElectionGrpc.getServiceDescriptor(),
                    OrchestratorGrpc.getServiceDescriptor())
                .map(ServiceDescriptor::getMethods)
                .flatMap(methods -> methods.stream())
                .filter(method ->
                    Objects.requireNonNull(
                                (ProtoMethodDescriptorSupplier) method.getSchemaDescriptor())
                            .getMethodDescriptor()
                            .getOptions()
                            .getIdempotencyLevel()
                        == IdempotencyLevel.NO_SIDE_EFFECTS)
                .map(method ->
                    method.getFullMethodName().replaceFirst("carpool\\.(.*)\\.v1.*/", "$1 ")))
        .containsExactlyInAnyOrder(
            "replicator CheckPromotion",
            "replicator GetStatus",
            "replicator WatchStatus",
            "replicator Dump",
            "replicator GetSplitBrain",
            "replicator GetWitness",
            "election GetStatus",
            "election Watch",
            "orchestrator GetStatus",
            "orchestrator Watch",
            "orchestrator Explain",
            "orchestrator Diagnose",
            "orchestrator GetTimeline");
  }
}
