package carpool.kit.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.kit.grpc.Channels;
import carpool.kit.testing.ForeignTools;
import carpool.kit.testing.JavaProcess;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The empty service as a real process.
class ServiceProcessTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path directory;

  @BeforeEach
  void files() throws IOException {
    Files.writeString(directory.resolve("hast.conf"), "");
    configure("");
  }

  @Test
  void answersHealthAndStopsInOrderOnSigterm() throws Exception {
    try (var service = start(Map.of())) {
      service.await("ready:", LONG);

      assertThat(health()).isEqualTo(ServingStatus.SERVING);
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket())))
          .isEqualTo("rw-------");
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket().getParent())))
          .isEqualTo("rwx------");

      service.signal("TERM");
      assertThat(service.exitCode(LONG)).isZero();
      assertThat(service.output()).contains("stopping").contains("stopped");
      assertThat(socket()).doesNotExist();
    }
  }

  @Test
  void startsOverTheSocketOfAKilledOneAndRefusesThatOfALivingOne() throws Exception {
    try (var killed = start(Map.of())) {
      killed.await("ready:", LONG);
      killed.signal("KILL");
      assertThat(killed.exitCode(LONG)).isEqualTo(137);
    }
    assertThat(socket()).exists();
    try (var second = start(Map.of())) {
      second.await("ready:", LONG);
      assertThat(health()).isEqualTo(ServingStatus.SERVING);
      try (var third = start(Map.of())) {
        assertThat(third.exitCode(LONG)).isEqualTo(ExitCode.FAILURE);
        assertThat(third.output())
            .contains("another process already listens on " + socket() + "; stop it first");
      }
      assertThat(health()).isEqualTo(ServingStatus.SERVING);
    }
  }

  @Test
  void wrongConfigurationEndsWithTwoAndEveryProblem() throws Exception {
    configure("unknown: 1\ndevice: ggate\n");
    try (var service = start(Map.of())) {
      assertThat(service.exitCode(LONG)).isEqualTo(ExitCode.USAGE);
      assertThat(service.output())
          .contains("carpool.yaml:4:1: unknown key 'unknown'")
          .contains("carpool.yaml:5:9: 'ggate' for device")
          .contains("not started, 2 problem(s) in the configuration");
    }
  }

  @Test
  void scrapeEndpointAnswersInPrometheusFormat() throws Exception {
    var port = freePort();
    configure("metrics: { listen: 127.0.0.1:" + port + " }\n");
    try (var service = start(Map.of())) {
      service.await("ready:", LONG);
      var answer =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/metrics"))
                      .build(),
                  BodyHandlers.ofString());

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.body())
          .contains("jvm_memory_used_bytes{")
          .contains("node=\"hast1\"")
          .contains("service=\"replicator\"");
    }
  }

  @Test
  void jsonLogIsOneObjectPerLine() throws Exception {
    try (var service = start(Map.of(), "--log-format", "json")) {
      var line = service.await("ready:", LONG);
      assertThat(line).startsWith("{\"time\":\"").contains("\"node\":\"hast1\"").endsWith("\"}");
    }
  }

  @Test
  void supervisorHearsReadyWatchdogAndStopping() throws Exception {
    Assumptions.assumeTrue(
        ForeignTools.find("python3").isPresent(), "needs python3 to receive datagrams");
    var socket = directory.resolve("notify");
    var script =
        "import socket;s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM);s.bind('"
            + socket
            + "');print('bound',flush=True)\n"
            + "while True:\n m=s.recv(999).decode();print(m,flush=True)\n if m=='STOPPING=1': break\n";
    var receiver = new ProcessBuilder("python3", "-c", script).start();
    try (var heard = receiver.inputReader();
        var service =
            startAfter(
                heard.readLine(),
                Map.of("NOTIFY_SOCKET", socket.toString(), "WATCHDOG_USEC", "200000"))) {
      service.await("ready:", LONG);
      assertThat(heard.readLine()).isEqualTo("READY=1");
      assertThat(heard.readLine()).isEqualTo("WATCHDOG=1");
      service.signal("TERM");
      assertThat(heard.lines().toList()).endsWith("STOPPING=1");
    } finally {
      receiver.destroyForcibly();
    }
  }

  @Test
  void plainTcpIsRefusedUnlessBoundToLoopback() throws Exception {
    configure("control: { listen: 0.0.0.0:" + freePort() + " }\n");
    try (var service = start(Map.of())) {
      assertThat(service.exitCode(LONG)).isEqualTo(ExitCode.FAILURE);
      assertThat(service.output())
          .contains("control.listen: refusing to listen on 0.0.0.0")
          .contains("allowed: a loopback address, or tls:");
    }
  }

  @Test
  void tcpClientWithoutCertificateIsRefusedAndOneWithItIsServed() throws Exception {
    var certificates = TestCertificates.make(directory);
    var port = freePort();
    configure(
        "control: { listen: 127.0.0.1:%d }\ntls: { ca: %s, certificate: %s, key: %s }\n"
            .formatted(port, certificates.ca(), certificates.certificate(), certificates.key()));
    try (var service = start(Map.of())) {
      service.await("ready:", LONG);
      var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);

      assertThat(health(Channels.tcp(address, Optional.of(certificates), 10_000)))
          .isEqualTo(ServingStatus.SERVING);
      assertThatThrownBy(() -> health(Channels.tcp(address, Optional.empty(), 10_000)))
          .isInstanceOf(StatusRuntimeException.class)
          .hasMessageContaining("UNAVAILABLE");
      assertThatThrownBy(() -> health(TestCertificates.withoutOwn(address, certificates.ca())))
          .isInstanceOf(StatusRuntimeException.class)
          .hasMessageContaining("UNAVAILABLE");
    }
  }

  @Test
  @Tag("peer")
  void foreignClientReadsHealthAndReflectionOverTheUnixSocket() throws Exception {
    var buf = ForeignTools.find("buf");
    Assumptions.assumeTrue(
        buf.isPresent(), "needs buf (npm @bufbuild/buf); deploy/test installs it");
    try (var service = start(Map.of())) {
      service.await("ready:", LONG);

      assertThat(buf(buf.get(), "--list-services", "http://localhost"))
          .contains("grpc.health.v1.Health")
          .contains("grpc.reflection.v1.ServerReflection");
      assertThat(buf(buf.get(), "-d", "{}", "http://localhost/grpc.health.v1.Health/Check"))
          .contains("\"status\": \"SERVING\"");
    }
  }

  private String buf(Path buf, String... arguments) throws Exception {
    var command =
        new java.util.ArrayList<>(
            List.of(
                buf.toString(),
                "curl",
                "--protocol",
                "grpc",
                "--http2-prior-knowledge",
                "--unix-socket",
                socket().toString()));
    command.addAll(List.of(arguments));
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }

  private ServingStatus health() throws Exception {
    return health(Channels.unix(socket()));
  }

  private static ServingStatus health(io.grpc.ManagedChannel channel) {
    try {
      return HealthGrpc.newBlockingStub(channel)
          .withDeadlineAfter(20, TimeUnit.SECONDS)
          .check(HealthCheckRequest.getDefaultInstance())
          .getStatus();
    } finally {
      channel.shutdownNow();
    }
  }

  private JavaProcess startAfter(String ignored, Map<String, String> environment)
      throws IOException {
    assertThat(ignored).isEqualTo("bound");
    return start(environment);
  }

  private JavaProcess start(Map<String, String> environment, String... more) throws IOException {
    var arguments =
        new java.util.ArrayList<>(
            List.of("--config", directory.resolve("carpool.yaml").toString(), "--node", "hast1"));
    arguments.addAll(List.of(more));
    return JavaProcess.start(EmptyService.class, environment, arguments.toArray(String[]::new));
  }

  private Path socket() {
    return directory.resolve("run").resolve("replicator.sock");
  }

  private void configure(String more) throws IOException {
    Files.writeString(
        directory.resolve("carpool.yaml"),
        "cluster: test\nhast: %s\nruntime-dir: %s\n%s"
            .formatted(directory.resolve("hast.conf"), directory.resolve("run"), more));
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }
}
