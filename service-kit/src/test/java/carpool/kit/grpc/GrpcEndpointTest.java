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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
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

  private static final MethodDescriptor<StringValue, StringValue> WATCH =
      METHOD.toBuilder()
          .setType(MethodType.SERVER_STREAMING)
          .setFullMethodName("test.Test/Watch")
          .build();

  @TempDir Path directory;
  private GrpcEndpoint server;
  private ManagedChannel client;
  private final BlockingQueue<StreamObserver<StringValue>> watchers = new LinkedBlockingQueue<>();

  @BeforeEach
  void start() throws Exception {
    var socket = directory.resolve("s.sock");
    BindableService service =
        () ->
            ServerServiceDefinition.builder("test.Test")
                .addMethod(METHOD, ServerCalls.asyncUnaryCall(GrpcEndpointTest::answer))
                .addMethod(
                    WATCH,
                    ServerCalls.asyncServerStreamingCall((request, watcher) -> {
                      watcher.onNext(StringValue.of("present state"));
                      watchers.add(watcher);
                    }))
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

  /// A watch has no end of its own: without help a stop would wait for its whole deadline.
  @Test
  @Timeout(20)
  void stopEndsWatchesAtOnce() throws Exception {
    var events =
        ClientCalls.blockingServerStreamingCall(
            client, WATCH, CallOptions.DEFAULT, StringValue.getDefaultInstance());
    assertThat(events.next().getValue()).isEqualTo("present state");
    var watcher = watchers.take();

    server.close(Duration.ofMinutes(10));

    var ended = catchThrowableOfType(StatusRuntimeException.class, events::hasNext);
    assertThat(ended).hasMessage("UNAVAILABLE: the service is stopping");
    watcher.onNext(StringValue.of("too late")); // its thread need not know
    watcher.onCompleted();
  }

  @Test
  void stopRemovesNoSuccessorsSocket() throws Exception {
    var path = directory.resolve("s.sock");
    Files.delete(path);
    var successor = GrpcEndpoint.unix(path, List.of(), new HealthBoard());

    server.close(Duration.ofSeconds(5));

    assertThat(path).exists();
    successor.close(Duration.ofSeconds(5));
    assertThat(path).doesNotExist();
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
