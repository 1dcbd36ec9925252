package carpool.kit.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import carpool.common.v1.ErrorDetail;
import com.google.protobuf.StringValue;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GrpcEndpointTest {
  private enum Reason {
    PEER_IS_PRIMARY
  }

  private static final MethodDescriptor<StringValue, StringValue> METHOD =
      MethodDescriptor.<StringValue, StringValue>newBuilder()
          .setType(MethodType.UNARY)
          .setFullMethodName("test.Test/Do")
          .setRequestMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
          .build();

  @TempDir Path directory;
  private GrpcEndpoint server;
  private ManagedChannel client;

  @BeforeEach
  void start() throws Exception {
    var socket = directory.resolve("s.sock");
    BindableService service =
        () ->
            ServerServiceDefinition.builder("test.Test")
                .addMethod(METHOD, ServerCalls.asyncUnaryCall(GrpcEndpointTest::answer))
                .build();
    server = GrpcEndpoint.unix(socket, List.of(service), new HealthBoard());
    client = Channels.unix(socket);
  }

  @AfterEach
  void stop() throws Exception {
    client.shutdownNow();
    server.close(Duration.ofSeconds(5));
  }

  private static void answer(StringValue request, StreamObserver<StringValue> observer) {
    var error =
        new ServiceError(
            Status.Code.FAILED_PRECONDITION,
            Reason.PEER_IS_PRIMARY,
            "disk1",
            "hast2 is primary",
            "hand over first: carpool switchover");
    switch (request.getValue()) {
      case "throw" -> throw error;
      case "onError" -> observer.onError(error);
      case "defect" -> throw new IllegalArgumentException("secret detail");
      case "deadline" -> {
        var deadline = Objects.requireNonNull(Context.current().getDeadline());
        observer.onNext(StringValue.of(Long.toString(deadline.timeRemaining(TimeUnit.SECONDS))));
        observer.onCompleted();
      }
      default -> observer.onError(Status.NOT_FOUND.withDescription("nothing").asException());
    }
  }

  @Test
  void refusalArrivesWithCodeTextReasonAndHintHoweverItWasMade() {
    for (var how : List.of("throw", "onError")) {
      var refused = refused(how);

      assertThat(refused).hasMessage("FAILED_PRECONDITION: hast2 is primary");
      assertThat(ServiceError.detailOf(refused))
          .contains(
              ErrorDetail.newBuilder()
                  .setReason("PEER_IS_PRIMARY")
                  .setSubject("disk1")
                  .setHint("hand over first: carpool switchover")
                  .build());
    }
  }

  @Test
  void defectIsToldWithoutItsDetails() {
    assertThat(refused("defect"))
        .hasMessage(
            "INTERNAL: defect in carpool: IllegalArgumentException; the service's log has it");
  }

  @Test
  void plainStatusPassesUnchanged() {
    assertThat(refused("other")).hasMessage("NOT_FOUND: nothing");
  }

  @Test
  void callWithoutADeadlineGetsOne() {
    assertThat(Long.parseLong(call("deadline"))).isBetween(20L, 30L);
  }

  private StatusRuntimeException refused(String what) {
    return Objects.requireNonNull(
        catchThrowableOfType(StatusRuntimeException.class, () -> call(what)));
  }

  private String call(String what) {
    return ClientCalls.blockingUnaryCall(client, METHOD, CallOptions.DEFAULT, StringValue.of(what))
        .getValue();
  }
}
