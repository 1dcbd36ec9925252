package carpool.kit.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.common.v1.ErrorDetail;
import carpool.replicator.v1.SetRoleResponse;
import carpool.replicator.v1.SetRoleResult;
import org.junit.jupiter.api.Test;

final class AnsweredRefusalsTest {
  private final AnsweredRefusals refusals = new AnsweredRefusals();

  private static SetRoleResult.Builder of(String resource) {
    return SetRoleResult.newBuilder().setResource(resource);
  }

  /// The journal says what happened, also where the call itself ended well.
  @Test
  void whatIsRefusedForOneResourceIsFound() {
    var refused =
        ErrorDetail.newBuilder()
            .setReason("METADATA_INVALID")
            .setSubject("disk1")
            .setHint("create");
    refusals.look(
        SetRoleResponse.newBuilder()
            .addResults(of("disk1").setError(refused))
            .addResults(of("disk2"))
            .build());

    assertThat(refusals).hasToString("METADATA_INVALID disk1");
  }

  @Test
  void anAnswerWithoutARefusalIsDone() {
    refusals.look(
        SetRoleResponse.newBuilder()
            .addResults(of("disk1").setError(ErrorDetail.getDefaultInstance()))
            .build());
    refusals.look("no message");

    assertThat(refusals).hasToString("");
  }
}
