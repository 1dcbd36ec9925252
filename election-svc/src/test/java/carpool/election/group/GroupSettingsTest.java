package carpool.election.group;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.election.core.Preempt;
import carpool.kit.config.Cidr;
import carpool.kit.config.ElectionGroup;
import carpool.kit.config.ElectionGroup.MacKind;
import carpool.kit.config.ElectionGroup.SigningKey;
import carpool.kit.config.ElectionGroup.VipTime;
import carpool.kit.config.Secret;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class GroupSettingsTest {

  /// A pool moves by agreement of the orchestrators; CARP's own rule is for groups without pools.
  @ParameterizedTest
  @CsvSource({
    "false, false, NEVER",
    "false, true, NEVER",
    "true, false, SLOWER",
    "true, true, DEMOTED",
  })
  void fromWhomTheRoleIsTaken(boolean preempt, boolean followed, Preempt expected) {
    var group =
        new ElectionGroup(
            "storage",
            "em0",
            1,
            new SigningKey(Optional.of(new Secret("p")), Optional.empty()),
            List.of(new Cidr(InetAddress.ofLiteral("192.0.2.50"), 24)),
            1,
            0,
            preempt,
            Duration.ofSeconds(60),
            List.of(),
            VipTime.WITH_MASTER,
            MacKind.REAL,
            Optional.empty(),
            Optional.empty());
    assertThat(GroupSettings.of(group, followed).carp().preempt()).isEqualTo(expected);
  }
}
