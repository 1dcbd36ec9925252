package carpool.replicator.control;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.layout.LayoutException;
import carpool.replicator.store.ProviderException;
import java.util.HashSet;
import org.junit.jupiter.api.Test;

class AttachHintTest {
  @Test
  void forgottenCreateIsNamed() {
    var failure = LayoutException.missing("no metadata of carpool").on("/dev/da1");

    assertThat(failure).hasMessage("/dev/da1 has no metadata of carpool");
    assertThat(AttachHint.error(failure, "disk1").getHint()).isEqualTo("carpool create disk1");
    assertThat(AttachHint.error(failure, "disk1").getReason()).isEqualTo("METADATA_INVALID");
  }

  @Test
  void metadataOfAnotherResourceAreNotToBeOverwrittenUnasked() {
    var hint = AttachHint.hint(new LayoutException("not part of resource disk1"), "disk1");

    assertThat(hint).startsWith("check `local` of disk1 in hast.conf");
  }

  @Test
  void causesOfTheProviderHaveHintsOfTheirOwn() {
    var hints = new HashSet<String>();
    for (var reason : ProviderException.Reason.values()) {
      hints.add(AttachHint.hint(ProviderException.of(reason, "why"), "disk1"));
    }
    assertThat(hints).hasSize(7);
  }
}
