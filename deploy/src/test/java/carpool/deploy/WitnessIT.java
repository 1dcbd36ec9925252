package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/// Two nodes and a witness, a real etcd in a third container. Whatever is cut, one node serves and
/// the other does not.
@Tag("e2e")
class WitnessIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int CYCLES = Integer.getInteger("carpool.witness.cycles", 1);

  @RegisterExtension static final SharedLab LAB = SharedLab.withWitness();

  @BeforeEach
  void goesByTheWitness(Lab lab) throws Exception {
    awaitAgreed(lab);
  }

  private static void awaitAgreed(Lab lab) throws Exception {
    lab.await(
        "a pair that goes by the witness",
        PATIENCE,
        () -> lab.nodes().stream().allMatch(node -> shows(node, "WITNESS_RECORD_BOTH")));
  }

  private static boolean shows(Node node, String part) {
    return node.run("carpool", "witness", "show", "--json").output().contains(part);
  }

  /// Cut in one direction or both, at a moment that the seed chooses, under a client that writes;
  /// each node still hears the witness.
  @Test
  void nodesThatDoNotHearEachOtherAreNoSplitBrain(Lab lab) throws Exception {
    var random = new Random(13);
    for (int cycle = 1; cycle <= CYCLES; cycle++) {
      lab.awaitSteady();
      awaitAgreed(lab);
      lab.writer.start();
      TimeUnit.MILLISECONDS.sleep(random.nextInt(1500)); // the moment of the cut

      boolean both = random.nextBoolean();
      lab.serving().cut("peers");
      if (both) {
        lab.hast1.cut("peers");
        lab.hast2.cut("peers");
      }

      lab.await("service on one side", PATIENCE, () -> alone(lab) != null);
      lab.writer.writesAgain();
      var server = lab.serving();
      assertThat(lab.other(server).run("zpool", "list", "-H", "zhast").ok())
          .as("two nodes have the pool")
          .isFalse();
      lab.hast1.heal();
      lab.hast2.heal();
      lab.awaitSteady();
      noSplitBrain(lab);
      long gap = lab.writer.stopAndFindEverything("witness cycle " + cycle);
      System.out.printf(
          "witness cycle %d: cut at %s, %s served on, longest gap %d ms%n",
          cycle, both ? "both nodes" : "the server", server.nodeName(), gap);
    }
  }

  private static @Nullable Node alone(Lab lab) {
    for (var node : lab.nodes()) {
      if (lab.serves(node) && shows(node, "WITNESS_RECORD_ONLY")) {
        return node;
      }
    }
    return null;
  }

  private static void noSplitBrain(Lab lab) {
    for (var node : lab.nodes()) {
      assertThat(node.status().splitBrain()).as(node.nodeName()).isFalse();
    }
  }

  /// It reaches neither its peer nor the witness: the other one serves, without a split brain.
  @Test
  void serverThatIsCutOffFromEverythingGivesWay(Lab lab) throws Exception {
    var first = lab.serving();
    var second = lab.other(first);
    lab.writer.start();

    first.cut("both");

    lab.await("take-over", PATIENCE, () -> lab.serves(second));
    lab.writer.writesAgain();
    first.heal();
    lab.awaitSteady();
    noSplitBrain(lab);
    assertThat(lab.serves(second)).as("nothing moves back").isTrue();
    lab.writer.stopAndFindEverything("server cut off from everything");
  }

  /// A warning and nothing else: the witness dies, comes back empty, and is replaced.
  @Test
  void lossOfTheWitnessMovesNothing(Lab lab) throws Exception {
    var first = lab.serving();
    lab.writer.start();

    Lab.must(lab.witness, "s6-svc", "-d", "/run/service/etcd");
    Lab.must(lab.witness, "s6-svc", "-k", "/run/service/etcd");
    lab.await(
        "a warning",
        PATIENCE,
        () -> first.run("carpool", "status").output().contains("not reachable"));
    lab.writer.writesAgain();
    Lab.must(lab.witness, "rm", "-rf", "/data/etcd");
    Lab.must(lab.witness, "s6-svc", "-u", "/run/service/etcd");
    lab.await("an empty witness", PATIENCE, () -> shows(first, "WITNESS_RECORD_ABSENT"));
    Lab.must(first, "carpool", "witness", "replace");
    awaitAgreed(lab);

    assertThat(lab.serves(first)).as("nothing moved").isTrue();
    lab.writer.stopAndFindEverything("witness lost, emptied and replaced");
  }

  /// Both lose power and the one that did not serve comes back: by itself it serves.
  @Test
  void nodeThatComesBackAloneAfterAPowerCutOfBothServes(Lab lab) throws Exception {
    var first = lab.serving();
    var second = lab.other(first);
    lab.writer.start();
    first.powerCut(); // the other way round it would have gone on alone, and be the only one that
    // may
    second.powerCut();

    second.powerOn();

    lab.await("service", PATIENCE, () -> lab.serves(second));
    lab.writer.writesAgain();
    first.powerOn();
    lab.awaitSteady();
    noSplitBrain(lab);
    lab.writer.stopAndFindEverything("power cut of both, one came back");
  }
}
