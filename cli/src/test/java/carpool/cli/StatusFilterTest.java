package carpool.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.election.v1.Group;
import carpool.orchestrator.v1.GetStatusResponse;
import carpool.orchestrator.v1.Pool;
import carpool.replicator.v1.Resource;
import java.util.List;
import org.junit.jupiter.api.Test;

final class StatusFilterTest {
  private static final GetStatusResponse STATUS =
      GetStatusResponse.newBuilder()
          .addGroups(Group.newBuilder().setName("storage"))
          .addPools(Pool.newBuilder().setName("tank"))
          .addResources(Resource.newBuilder().setName("disk1"))
          .addResources(Resource.newBuilder().setName("disk2"))
          .build();

  @Test
  void onlyWhatIsNamedIsShown() {
    var some = StatusFilter.only(List.of("disk2", "storage"), STATUS);
    assertThat(some.getResourcesList()).extracting(Resource::getName).containsExactly("disk2");
    assertThat(some.getGroupsCount()).isEqualTo(1);
    assertThat(some.getPoolsCount()).isZero();
    assertThat(StatusFilter.only(List.of(), STATUS)).isEqualTo(STATUS);
    assertThat(StatusFilter.only(List.of("all"), STATUS)).isEqualTo(STATUS);
  }

  @Test
  void anUnknownNameIsRefusedWithThoseThatThereAre() {
    assertThatThrownBy(() -> StatusFilter.only(List.of("disk9"), STATUS))
        .hasMessage("no resource, pool or group 'disk9'; there are: disk1, disk2, storage, tank");
  }
}
