package carpool.replicator.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.replicator.core.witness.WitnessRecord;
import carpool.replicator.core.witness.WitnessView;
import carpool.replicator.quorum.PoolRecords.Outcome;
import carpool.replicator.witness.EtcdServer;
import carpool.replicator.witness.Witness;
import carpool.replicator.witness.WitnessAccess;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The records of a pool in a real etcd.
@Tag("peer")
class PoolRecordsTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir Path directory;

  private static PoolRecords records(Witness witness, String node, String... resources) {
    return new PoolRecords(witness, "storage", "zhast", List.of(resources), node, LONG);
  }

  private static WitnessView view(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Read(var view, _, _) -> view;
      case Outcome.Lost(var view) -> view;
      case Outcome.Won _, Outcome.Failed _ -> throw new AssertionError(outcome.toString());
    };
  }

  private static long won(Outcome outcome) {
    assertThat(outcome).isInstanceOf(Outcome.Won.class);
    return ((Outcome.Won) outcome).revision();
  }

  @Test
  void allResourcesOfAPoolChangeTogetherOrNotAtAll() throws Exception {
    try (var etcd = EtcdServer.start(directory);
        var witness =
            Witness.open(
                "storage",
                "/carpool/storage",
                new WitnessAccess(
                    List.of(etcd.endpoint()),
                    Optional.empty(),
                    Optional.empty(),
                    OptionalLong.empty()))) {
      var one = records(witness, "hast1", "disk1", "disk2");
      var other = records(witness, "hast2", "disk1", "disk2");
      assertThat(view(one.read())).isEqualTo(new WitnessView(0, new WitnessRecord.Absent(), 0));

      long created = won(one.write(11, 99, 0, new WitnessRecord.Both()));
      assertThat(view(other.read()))
          .isEqualTo(new WitnessView(99, new WitnessRecord.Both(), created));

      var claim = new WitnessRecord.Only("hast2", 12, true);
      long claimed = won(other.write(12, 99, created, claim));
      assertThat(view(one.write(13, 99, created, new WitnessRecord.Only("hast1", 13, false))))
          .isEqualTo(new WitnessView(99, claim, claimed));
      assertThat(one.read())
          .isInstanceOfSatisfying(
              Outcome.Read.class, read -> assertThat(read.writer()).isEqualTo("hast2"));

      // A resource was added to the pool: nobody knows anything of it, so nobody may win.
      var more = records(witness, "hast1", "disk1", "disk2", "disk3");
      var mixed = view(more.read());
      assertThat(mixed).isEqualTo(new WitnessView(99, new WitnessRecord.Absent(), claimed));
      long healed = won(more.write(14, 99, mixed.revision(), new WitnessRecord.Both()));
      assertThat(view(more.read()))
          .isEqualTo(new WitnessView(99, new WitnessRecord.Both(), healed));
    }
  }
}
