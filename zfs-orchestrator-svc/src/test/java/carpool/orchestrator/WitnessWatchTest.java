package carpool.orchestrator;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Witness;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class WitnessWatchTest {
  private final List<String> told = new ArrayList<>();
  private final WitnessWatch watch =
      new WitnessWatch(change ->
          told.add(
              (change.getReachable() ? "back " : "lost ")
                  + change.getUnixMillis()
                  + change.getProblem()));

  private static Resource resource(String name, boolean reachable, long sinceMillis) {
    return Resource.newBuilder()
        .setName(name)
        .setWitness(
            Witness.newBuilder()
                .setPool("tank")
                .setReachable(reachable)
                .setProblem(reachable ? "" : " refused")
                .setSinceUnixMillis(sinceMillis))
        .build();
  }

  private void seen(Resource... resources) {
    watch.seen(List.of(resources));
  }

  @Test
  void theFirstAnswerIsNoChange() {
    seen(resource("disk1", false, 0));
    seen(resource("disk1", true, 5));

    assertThat(told).isEmpty();
  }

  @Test
  void theFirstFailureIsNoChangeEither() {
    seen(resource("disk1", false, 5));
    seen(resource("disk1", true, 9));

    assertThat(told).containsExactly("back 9");
  }

  @Test
  void aLossIsToldOnceHoweverManyResourcesTellOfIt() {
    seen(resource("disk1", true, 5), resource("disk2", true, 5));
    seen(resource("disk1", false, 7), resource("disk2", true, 5));
    seen(resource("disk1", false, 7), resource("disk2", false, 7));
    seen(resource("disk1", false, 7), resource("disk2", false, 7));

    assertThat(told).containsExactly("lost 7 refused");
  }

  @Test
  void whatIsOlderThanTheLastWordIsNotListenedTo() {
    seen(resource("disk1", true, 5));
    seen(resource("disk1", false, 7));
    seen(resource("disk1", true, 5));

    assertThat(told).containsExactly("lost 7 refused");
  }

  @Test
  void aReplicatorThatHasJustStartedSaysNothing() {
    seen(resource("disk1", true, 5));
    seen(resource("disk1", false, 0));
    seen(resource("disk1", true, 20));

    assertThat(told).isEmpty();
  }

  @Test
  void resourcesWithoutAWitnessSayNothing() {
    seen(Resource.newBuilder().setName("disk1").build());

    assertThat(told).isEmpty();
    assertThat(watch.changes()).isEmpty();
  }

  @Test
  void theLastSixteenChangesAreRememberedNewestFirst() {
    for (var i = 1; i <= 20; i++) {
      seen(resource("disk1", i % 2 == 0, i));
    }

    assertThat(told).hasSize(19);
    assertThat(watch.changes()).hasSize(16);
    assertThat(watch.changes().getFirst().getUnixMillis()).isEqualTo(20);
  }
}
