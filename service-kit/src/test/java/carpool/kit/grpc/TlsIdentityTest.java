package carpool.kit.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.kit.boot.TestCertificates;
import carpool.kit.config.CarpoolConfig.TlsFiles;
import carpool.kit.testing.FreePort;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Certificates that are replaced under a running service.
@Timeout(60)
final class TlsIdentityTest {
  @TempDir private Path directory;
  private TlsFiles old;
  private TlsFiles fresh;

  @BeforeEach
  void make() throws Exception {
    old = TestCertificates.make(Files.createDirectory(directory.resolve("old")));
    fresh = TestCertificates.make(Files.createDirectory(directory.resolve("fresh")));
  }

  private static X509Certificate offered(TlsIdentity identity) {
    var keys = identity.keys();
    var alias = Objects.requireNonNull(keys.chooseServerAlias("EC", null, null));
    return Objects.requireNonNull(keys.getCertificateChain(alias))[0];
  }

  private static BigInteger serial(Path certificate) throws Exception {
    try (var in = Files.newInputStream(certificate)) {
      return io.grpc.util.CertificateUtils.getX509Certificates(in)[0].getSerialNumber();
    }
  }

  private static void replace(Path file, Path with) throws IOException {
    Files.copy(with, file, StandardCopyOption.REPLACE_EXISTING);
  }

  private static void awaitOffered(TlsIdentity identity, BigInteger serial) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!offered(identity).getSerialNumber().equals(serial)) {
      assertThat(System.nanoTime()).as("the new certificate is not used").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  @Test
  void filesThatAreReplacedHoldFromTheNextConnectionOn() throws Exception {
    var identity = TlsIdentity.load(old);
    assertThat(offered(identity).getSerialNumber()).isEqualTo(serial(old.certificate()));

    var expected = serial(fresh.certificate());
    replace(old.certificate(), fresh.certificate());
    replace(old.key(), fresh.key());

    awaitOffered(identity, expected);
    assertThat(identity.authority().getAcceptedIssuers())
        .as("one file is authority and certificate here")
        .extracting(X509Certificate::getSerialNumber)
        .containsExactly(expected);
  }

  /// Between the two renames of a replacement, or for good.
  @Test
  void filesThatDoNotBelongTogetherChangeNothing() throws Exception {
    var identity = TlsIdentity.load(old);
    var before = offered(identity);
    var expected = serial(fresh.certificate());
    replace(old.certificate(), fresh.certificate());
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(1500);
    while (System.nanoTime() < end) {
      assertThat(offered(identity)).isEqualTo(before);
    }

    replace(old.key(), fresh.key());
    awaitOffered(identity, expected);
    Files.writeString(old.certificate(), "nothing");
    Files.delete(old.key());
    end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(1500);
    while (System.nanoTime() < end) {
      assertThat(offered(identity).getSerialNumber()).isEqualTo(expected);
    }
  }

  @Test
  void filesThatDoNotBelongTogetherAreRefusedAtTheStart() {
    assertThatThrownBy(
            () -> TlsIdentity.load(new TlsFiles(old.ca(), old.certificate(), fresh.key())))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("do not make an identity: the key is not the certificate's")
        .hasMessageContaining(fresh.key().toString());
  }

  /// The name of the other side is checked where the connection asks for it.
  @Test
  void aServerWithACertificateForAnotherHostIsRefused() throws Exception {
    var other =
        TestCertificates.make(
            Files.createDirectory(directory.resolve("other")), "dns:other.example");
    assertThat(health(old)).isEqualTo(Status.Code.OK);
    assertThat(health(other)).isEqualTo(Status.Code.UNAVAILABLE);
  }

  private static Status.Code health(TlsFiles files) throws Exception {
    var address = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), FreePort.find());
    var server =
        GrpcEndpoint.tcp(address, Optional.of(files), List.of(), List.of(), new HealthBoard());
    var client = Channels.tcp(address, Optional.of(files), 10_000);
    try {
      var _ =
          HealthGrpc.newBlockingStub(client)
              .withDeadlineAfter(10, TimeUnit.SECONDS)
              .check(HealthCheckRequest.getDefaultInstance());
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    } finally {
      client.shutdownNow();
      server.close(Duration.ofSeconds(5));
    }
  }
}
