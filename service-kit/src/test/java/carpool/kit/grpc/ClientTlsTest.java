package carpool.kit.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.kit.boot.TestCertificates;
import carpool.kit.config.CarpoolConfig.TlsFiles;
import carpool.kit.config.HostPort;
import carpool.kit.testing.FreePort;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A client of a server that wants certificates and may be anybody's.
@Timeout(60)
final class ClientTlsTest {
  @TempDir private Path directory;
  private TlsFiles files;
  private HostPort address;
  private GrpcEndpoint server;

  @BeforeEach
  void serve() throws Exception {
    files = TestCertificates.make(directory);
    address = new HostPort("localhost", FreePort.find());
    server =
        GrpcEndpoint.tcp(
            new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), address.port()),
            Optional.of(files),
            List.of(),
            List.of(),
            new HealthBoard());
  }

  @AfterEach
  void stop() throws Exception {
    server.close(Duration.ofSeconds(5));
  }

  private Status health(ClientTls tls) {
    var channel = Channels.foreign(address, Optional.of(tls), 1 << 16, 10_000);
    try {
      var _ =
          HealthGrpc.newBlockingStub(channel)
              .withDeadlineAfter(20, TimeUnit.SECONDS)
              .check(HealthCheckRequest.getDefaultInstance());
      return Status.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus();
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void bothSidesAreChecked() throws Exception {
    var mutual = ClientTls.mutual(files);

    assertThat(health(mutual).getCode()).isEqualTo(Status.Code.OK);
    assertThat(mutual.expires())
        .hasValueSatisfying(date -> assertThat(date).isAfter(Instant.now()));
  }

  @Test
  void whoShowsNoCertificateIsRefusedByAServerThatWantsOne() throws Exception {
    var without = ClientTls.serverOnly(files.ca());

    assertThat(health(without).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(without.expires()).isEmpty();
  }

  @Test
  void aServerOfAnotherAuthorityIsRefusedInWords() throws Exception {
    var other = TestCertificates.make(Files.createDirectory(directory.resolve("other")));
    var status =
        health(ClientTls.mutual(new TlsFiles(other.ca(), files.certificate(), files.key())));

    assertThat(status.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(PeerTls.trouble(status.asException()))
        .isNotNull()
        .extracting(PeerTls.Trouble::text)
        .asString()
        .contains("is not signed by the authority");
  }

  @Test
  void aFileThatIsNoAuthorityIsNamed() throws Exception {
    var nothing = Files.writeString(directory.resolve("nothing.pem"), "nothing");

    assertThatThrownBy(() -> ClientTls.serverOnly(nothing))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(nothing + " is no certificate authority");
  }
}
