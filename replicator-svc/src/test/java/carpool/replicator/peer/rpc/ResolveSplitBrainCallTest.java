package carpool.replicator.peer.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.peer.v1.GiveWayResponse;
import carpool.replicator.core.Role;
import carpool.replicator.peer.rpc.ResolveSplitBrainCall.Copy;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Which copy gives way to the survivor of a split brain that the operator named: one that is not
/// in use, and that is still the one that the operator saw.
final class ResolveSplitBrainCallTest {
  @ParameterizedTest
  @CsvSource({
    // split brain, role, generation here, generation that the operator saw, refused because
    "true,  SECONDARY, 7, 7, ''",
    "true,  INIT,      7, 7, ''",
    "true,  SECONDARY, 8, 7, GENERATION_DIFFERS",
    "true,  SECONDARY, 0, 7, GENERATION_DIFFERS",
    "true,  PRIMARY,   7, 7, PRIMARY",
    "true,  PRIMARY,   8, 7, PRIMARY",
    "false, SECONDARY, 7, 7, NO_SPLIT_BRAIN",
    "false, PRIMARY,   8, 7, NO_SPLIT_BRAIN",
  })
  void copyGivesWayWhenNothingIsLostThatWasNotSeen(
      boolean splitBrain, Role role, long generation, long seen, String reason) {
    assertThat(
            ResolveSplitBrainCall.refusal(new Copy(splitBrain, role, generation), "disk1", seen)
                .map(GiveWayResponse::getReason)
                .orElse(""))
        .isEqualTo(reason);
  }
}
