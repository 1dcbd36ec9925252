package carpool.kit.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.kit.boot.TestCertificates;
import carpool.kit.config.CarpoolConfig.TlsFiles;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.util.Objects;
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
}
