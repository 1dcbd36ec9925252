package carpool.replicator.witness;

import static carpool.replicator.witness.WitnessFixture.LONG;
import static carpool.replicator.witness.WitnessFixture.both;
import static carpool.replicator.witness.WitnessFixture.change;
import static carpool.replicator.witness.WitnessFixture.failed;
import static carpool.replicator.witness.WitnessFixture.open;
import static carpool.replicator.witness.WitnessFixture.record;
import static carpool.replicator.witness.WitnessFixture.records;
import static carpool.replicator.witness.WitnessFixture.within;
import static carpool.replicator.witness.WitnessFixture.won;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.kit.boot.TestCertificates;
import carpool.kit.config.CarpoolConfig.TlsFiles;
import carpool.kit.config.WitnessEndpoint;
import carpool.replicator.witness.ProbeAnswer.Probe;
import carpool.replicator.witness.WitnessAccess.Trust;
import carpool.replicator.witness.WitnessFailure.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A real etcd with TLS that wants certificates of its clients. Each certificate here is its own
/// authority.
@Tag("peer")
@Timeout(180)
class EtcdTlsTest {
  private static TlsFiles server;
  private static TlsFiles client;
  private static TlsFiles stranger;
  private static EtcdServer etcd;
  private static int tests;

  @TempDir private Path directory;
  private String disk;

  @BeforeAll
  static void start(@TempDir Path certificates) throws Exception {
    server = make(certificates, "server", "ip:127.0.0.1");
    client = make(certificates, "client", "dns:hast1");
    stranger = make(certificates, "stranger", "dns:hast1");
    etcd = serve(certificates.resolve("data"), server);
  }

  @AfterAll
  static void stop() {
    if (etcd != null) {
      etcd.close();
    }
  }

  @BeforeEach
  void name() {
    disk = "disk-" + ++tests;
  }

  private static TlsFiles make(Path directory, String name, String names) throws Exception {
    return TestCertificates.make(Files.createDirectories(directory.resolve(name)), names);
  }

  private static EtcdServer serve(Path data, TlsFiles shown) throws Exception {
    return EtcdServer.startTls(
        data,
        "--cert-file=" + shown.certificate(),
        "--key-file=" + shown.key(),
        "--client-cert-auth",
        "--trusted-ca-file=" + client.ca());
  }

  private static WitnessAccess with(WitnessEndpoint endpoint, Trust trust) {
    return new WitnessAccess(
        List.of(endpoint), Optional.empty(), Optional.of(trust), OptionalLong.empty());
  }

  private static Trust mutual(Path ca, TlsFiles own) {
    return new Trust.Mutual(new TlsFiles(ca, own.certificate(), own.key()));
  }

  private WitnessFailure refused(WitnessAccess access) throws Exception {
    try (var witness = open(access)) {
      var failure =
          within(
              LONG,
              () -> witness.compareAndSet(Map.of(disk, change(0, both(disk, "hast1"))), LONG));
      return failed(failure, Reason.TLS, access.endpoints().getFirst().toString());
    }
  }

  @Test
  void bothSidesShowTheirCertificates() throws Exception {
    try (var witness = open(with(etcd.endpoint(), mutual(server.ca(), client)))) {
      var record = both(disk, "hast1");
      var _ = won(witness.compareAndSet(Map.of(disk, change(0, record)), LONG));
      assertThat(record(witness, disk).record()).contains(record);

      var answer = witness.probe(LONG);
      assertThat(answer).isInstanceOf(Probe.class);
      var probe = (Probe) answer;
      var now = Instant.now();
      assertThat(probe.serverExpires()).hasValueSatisfying(date -> inTwoDays(date, now));
      assertThat(probe.clientExpires()).hasValueSatisfying(date -> inTwoDays(date, now));
    }
  }

  private static void inTwoDays(Instant date, Instant now) {
    assertThat(Probe.daysLeft(date, now)).isBetween(1L, 2L);
  }

  @Test
  void aServerOfAnotherAuthorityIsRefused() throws Exception {
    var failure = refused(with(etcd.endpoint(), mutual(stranger.ca(), client)));

    assertThat(failure.text())
        .contains("this node refuses", "is not signed by the authority", "must have signed it");
    assertThat(failure.perhapsDone()).isFalse();
  }

  @Test
  void aServerWithACertificateForAnotherHostIsRefused() throws Exception {
    var other = make(directory, "other", "dns:witness.example,dns:localhost");
    try (var misnamed = serve(directory.resolve("data"), other)) {
      var failure = refused(with(misnamed.endpoint(), mutual(other.ca(), client)));

      assertThat(failure.text())
          .contains("is not made out to the host that was called", "must name the host");
      assertThat(failure.perhapsDone()).isFalse();
    }
  }

  @Test
  void aNodeWithoutCertificateLearnsThatItNeedsOne() throws Exception {
    var failure = refused(with(etcd.endpoint(), new Trust.ServerOnly(server.ca())));

    assertThat(failure.text()).contains("this node needs one", "none is configured");
  }

  @Test
  void aNodeWithACertificateOfAnotherAuthorityLearnsWhich() throws Exception {
    var failure = refused(with(etcd.endpoint(), mutual(server.ca(), stranger)));

    assertThat(failure.text())
        .contains("--trusted-ca-file", "configured is " + stranger.certificate());
  }

  @Test
  void aCertificateThatIsReplacedHoldsFromTheNextConnectionOn() throws Exception {
    var own = make(directory, "own", "dns:hast1");
    try (var witness = open(with(etcd.endpoint(), mutual(server.ca(), own)))) {
      failed(witness.read(List.of(disk), LONG), Reason.TLS);
      Files.copy(client.certificate(), own.certificate(), StandardCopyOption.REPLACE_EXISTING);
      Files.copy(client.key(), own.key(), StandardCopyOption.REPLACE_EXISTING);

      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      var answer = witness.read(List.of(disk), LONG);
      while (answer instanceof WitnessFailure && System.nanoTime() < end) {
        answer = witness.read(List.of(disk), LONG);
      }
      records(answer);
    }
  }

  @Test
  void anEtcdWithoutTlsIsNamed(@TempDir Path data) throws Exception {
    try (var plain = EtcdServer.start(data)) {
      var failure =
          refused(
              with(
                  new WitnessEndpoint(true, plain.endpoint().address()),
                  mutual(server.ca(), client)));

      assertThat(failure.text()).contains("etcd has no --cert-file, then write http://");
      assertThat(failure.perhapsDone()).isFalse();
    }
  }

  @Test
  void plainHttpToATlsPortIsNoSilentWait() throws Exception {
    try (var plain =
        open(WitnessFixture.access(new WitnessEndpoint(false, etcd.endpoint().address())))) {
      failed(
          within(LONG, () -> plain.read(List.of(disk), LONG)),
          Reason.UNREACHABLE,
          "it wants TLS, then write https://");
    }
  }

  @Test
  void filesThatAreNoCertificatesAreRefusedAtTheStart() throws Exception {
    var nothing = Files.writeString(directory.resolve("nothing.pem"), "nothing");

    assertThatThrownBy(() -> open(with(etcd.endpoint(), new Trust.ServerOnly(nothing))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(nothing.toString());
    assertThatThrownBy(() ->
            open(
                with(
                    etcd.endpoint(),
                    mutual(
                        server.ca(), new TlsFiles(nothing, client.certificate(), stranger.key())))))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the key is not the certificate's");
  }
}
