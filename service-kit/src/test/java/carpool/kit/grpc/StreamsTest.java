package carpool.kit.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.StringValue;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A stream of the server's and the watch that calls it again, over a real socket.
@Timeout(30)
final class StreamsTest {
  private static final MethodDescriptor<StringValue, StringValue> WATCH =
      MethodDescriptor.<StringValue, StringValue>newBuilder()
          .setType(MethodType.SERVER_STREAMING)
          .setFullMethodName("test.Test/Watch")
          .setRequestMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
          .build();

  @TempDir private Path directory;
  private final BlockingQueue<ServerStream<StringValue>> streams = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();
  private GrpcEndpoint server;
  private ManagedChannel client;

  @BeforeEach
  void start() throws Exception {
    startServer();
    client = Channels.unix(socket());
  }

  private Path socket() {
    return directory.resolve("s.sock");
  }

  private void startServer() throws Exception {
    BindableService service =
        () ->
            ServerServiceDefinition.builder("test.Test")
                .addMethod(
                    WATCH,
                    ServerCalls.asyncServerStreamingCall(
                        (request, observer) -> streams.add(new ServerStream<>(observer))))
                .build();
    server = GrpcEndpoint.unix(socket(), List.of(service), new HealthBoard());
  }

  @AfterEach
  void stop() throws Exception {
    client.shutdownNow();
    server.close(Duration.ofSeconds(5));
  }

  private void call(StreamObserver<StringValue> observer) {
    ClientCalls.asyncServerStreamingCall(
        client.newCall(WATCH, CallOptions.DEFAULT), StringValue.getDefaultInstance(), observer);
  }

  private ServerStream<StringValue> nextStream() throws InterruptedException {
    var stream = streams.poll(10, TimeUnit.SECONDS);
    assertThat(stream).isNotNull();
    return stream;
  }

  private String next() throws InterruptedException {
    return String.valueOf(heard.poll(10, TimeUnit.SECONDS));
  }

  private static StringValue word(int number) {
    return StringValue.of("event " + number);
  }

  @Test
  void messagesArriveInOrderAndTheEndAfterThem() throws Exception {
    call(new Ear());
    var stream = nextStream();
    var over = new CountDownLatch(1);
    stream.onEnd(over::countDown);

    for (int i = 0; i < 3; i++) {
      stream.send(word(i));
    }
    stream.complete();
    stream.send(word(3));

    assertThat(List.of(next(), next(), next(), next()))
        .containsExactly("event 0", "event 1", "event 2", "completed");
    assertThat(over.await(10, TimeUnit.SECONDS)).isTrue();
  }

  /// What it subscribed to ends with it: nobody sends for it to a client that is gone.
  @Test
  void aClientThatDoesNotReadIsCutOffAndItsSubscriptionEnds() throws Exception {
    call(
        new ClientResponseObserver<StringValue, StringValue>() {
          @Override
          public void beforeStart(ClientCallStreamObserver<StringValue> request) {
            request.disableAutoRequestWithInitial(0);
          }

          @Override
          public void onNext(StringValue value) {}

          @Override
          public void onError(Throwable failure) {}

          @Override
          public void onCompleted() {}
        });
    var stream = nextStream();
    var over = new CountDownLatch(1);
    stream.onEnd(over::countDown);
    var large = StringValue.of("x".repeat(64 << 10));

    for (int i = 0; i < 2 * ServerStream.QUEUE_MAX && over.getCount() > 0; i++) {
      stream.send(large);
    }

    assertThat(over.await(10, TimeUnit.SECONDS)).isTrue();
    var late = new CountDownLatch(1);
    stream.onEnd(late::countDown);
    assertThat(late.getCount()).as("at once when it is over already").isZero();
  }

  @Test
  void aWatchThatEndsIsCalledAgainAndOldEventsAreNotHeard() throws Exception {
    try (var watch = watch()) {
      watch.start();
      var first = nextStream();
      first.send(word(1));
      assertThat(List.of(next(), next())).containsExactly("calling", "event 1");

      first.complete();

      assertThat(List.of(next(), next())).containsExactly("ended null", "calling");
      nextStream().send(word(2));
      assertThat(next()).isEqualTo("event 2");
    }
  }

  @Test
  void aWatchThatIsGivenUpEndsItsCall() throws Exception {
    try (var watch = watch()) {
      watch.start();
      var first = nextStream();
      var gone = new CountDownLatch(1);
      first.onEnd(gone::countDown);
      first.send(word(1));
      assertThat(List.of(next(), next())).containsExactly("calling", "event 1");

      watch.execute(watch::again);

      assertThat(next()).isEqualTo("calling");
      nextStream().send(word(2));
      assertThat(next()).isEqualTo("event 2");
      assertThat(gone.await(10, TimeUnit.SECONDS)).as("the server knows").isTrue();
    }
  }

  @Test
  void aServerThatIsGoneAndBackIsWatchedAgain() throws Exception {
    try (var watch = watch()) {
      watch.start();
      nextStream().send(word(1));
      assertThat(List.of(next(), next())).containsExactly("calling", "event 1");
      server.close(Duration.ofSeconds(5));
      assertThat(next()).startsWith("ended " + Status.Code.UNAVAILABLE);

      startServer();

      nextStream().send(word(2));
      String last = next();
      while (!last.startsWith("event")) {
        last = next();
      }
      assertThat(last).isEqualTo("event 2");
    }
  }

  @Test
  void aListenerThatThrowsEndsNothing() throws Exception {
    try (var watch = watch()) {
      watch.start();
      var stream = nextStream();
      watch.execute(() -> {
        throw new IllegalStateException("defect");
      });
      watch.every(
          Duration.ofMillis(1),
          () -> {
            heard.add("again");
            throw new IllegalStateException("defect");
          });
      stream.send(word(1));

      assertThat(next()).isEqualTo("calling");
      var words = List.of(next(), next(), next(), next(), next());
      assertThat(words).contains("again");
      String last = words.getLast();
      while (!words.contains("event 1") && !last.equals("event 1")) {
        last = next();
      }
    }
  }

  private ReconnectingWatch<StringValue> watch() {
    return new ReconnectingWatch<>(
        "test-watch",
        client,
        Duration.ofMillis(20),
        this::call,
        new ReconnectingWatch.Listener<>() {
          @Override
          public void calling() {
            heard.add("calling");
          }

          @Override
          public void event(StringValue event) {
            heard.add(event.getValue());
          }

          @Override
          public void ended(@Nullable Throwable failure) {
            heard.add(
                "ended " + (failure == null ? null : Status.fromThrowable(failure).getCode()));
          }
        });
  }

  private final class Ear implements StreamObserver<StringValue> {
    @Override
    public void onNext(StringValue value) {
      heard.add(value.getValue());
    }

    @Override
    public void onError(Throwable failure) {
      heard.add("failed " + Status.fromThrowable(failure).getCode());
    }

    @Override
    public void onCompleted() {
      heard.add("completed");
    }
  }
}
