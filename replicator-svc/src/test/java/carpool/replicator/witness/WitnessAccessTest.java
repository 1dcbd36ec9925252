package carpool.replicator.witness;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.kit.config.CarpoolConfig.TlsFiles;
import carpool.kit.config.Secret;
import carpool.kit.config.WitnessEndpoint;
import carpool.kit.config.WitnessSettings;
import carpool.kit.config.WitnessSettings.OnLoss;
import carpool.kit.config.WitnessSettings.WitnessTls;
import carpool.replicator.witness.WitnessAccess.Login;
import carpool.replicator.witness.WitnessAccess.Trust;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/// From what a configuration says about the witness to how it is reached.
class WitnessAccessTest {
  private static final Path CA = Path.of("/etc/carpool/witness/ca.pem");
  private static final Path CERTIFICATE = Path.of("/etc/carpool/witness/own.pem");
  private static final Path KEY = Path.of("/etc/carpool/witness/own.key");
  private static final List<WitnessEndpoint> ENDPOINTS =
      List.of(
          WitnessEndpoint.parse("https://pi:2379"), WitnessEndpoint.parse("http://127.0.0.1:2379"));

  @Test
  void endpointsKeepTheirOrderAndAnyClusterMayAnswer() {
    assertThat(WitnessAccess.of(settings(Optional.empty(), Optional.empty())))
        .isEqualTo(
            new WitnessAccess(ENDPOINTS, Optional.empty(), Optional.empty(), OptionalLong.empty()));
  }

  @Test
  void anAuthorityAloneShowsNoCertificate() {
    var tls = new WitnessTls(CA, Optional.empty());

    assertThat(WitnessAccess.of(settings(Optional.of(tls), Optional.empty())).trust())
        .contains(new Trust.ServerOnly(CA));
  }

  @Test
  void anOwnCertificateMakesItMutual() {
    var tls = new WitnessTls(CA, Optional.of(new WitnessTls.Own(CERTIFICATE, KEY)));

    assertThat(WitnessAccess.of(settings(Optional.of(tls), Optional.empty())).trust())
        .contains(new Trust.Mutual(new TlsFiles(CA, CERTIFICATE, KEY)));
  }

  @Test
  void theUserIsTakenOverAndThePasswordIsInNoText() {
    var password = new Secret("correct horse");
    var access =
        WitnessAccess.of(
            settings(
                Optional.empty(), Optional.of(new WitnessSettings.Login("carpool", password))));

    assertThat(access.login()).contains(new Login("carpool", password));
    assertThat(access.toString()).contains("carpool", "***").doesNotContain("horse");
  }

  private static WitnessSettings settings(
      Optional<WitnessTls> tls, Optional<WitnessSettings.Login> login) {
    return new WitnessSettings(ENDPOINTS, tls, login, "/carpool/storage", OnLoss.SUSPEND);
  }
}
