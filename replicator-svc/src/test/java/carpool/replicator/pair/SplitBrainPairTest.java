package carpool.replicator.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;

import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.Role;
import carpool.replicator.v1.Survivor;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Both copies written while apart, and how that ends.
@Tag("peer")
class SplitBrainPairTest {
  @TempDir Path directory;

  private static void write(Pair pair, int node, String command) throws Exception {
    Tools.run("qemu-io", "-f", "raw", "-c", command, "-c", "flush", pair.uri(node));
  }

  /// hast1 wrote 3 blocks alone, hast2 one, later; both are secondary and have met again.
  private static void split(Pair pair) throws Exception {
    pair.start(1);
    pair.start(2);
    assertEquals(Role.ROLE_PRIMARY, pair.role(1, Role.ROLE_PRIMARY).getNow(), pair.logs());
    pair.awaitComplete(1);
    write(pair, 1, "write -P 1 0 1M");
    pair.kill(2);
    pair.await(1, "apart", r -> r.getLink() != LinkState.LINK_STATE_CONNECTED);
    write(pair, 1, "write -P 2 4M 192k");
    TimeUnit.MILLISECONDS.sleep(300); // status looks at writes a few times a second
    pair.role(1, Role.ROLE_SECONDARY); // or it would be primary again at once
    pair.kill(1);
    pair.start(2);
    assertEquals("", pair.force(2, Role.ROLE_PRIMARY).getError().getReason(), pair.logs());
    write(pair, 2, "write -P 3 8M 64k");
    TimeUnit.MILLISECONDS.sleep(300);
    pair.role(2, Role.ROLE_SECONDARY);
    pair.start(1);
  }

  @ParameterizedTest
  @CsvSource({"1, LOCAL, 1", "2, LOCAL, 2", "1, PEER, 2", "2, PEER, 1"})
  void oneCommandOnEitherNodeIsEnough(int node, String keep, int survivor) throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      split(pair);
      pair.await(1, "split", r -> r.getSplitBrain());
      pair.await(2, "split", r -> r.getSplitBrain());
      assertThat(pair.splitBrain(1).getLocal().getWithoutAncestor()).as("wrote on").isFalse();
      assertThat(pair.splitBrain(1).getPeer().getWithoutAncestor()).as("forced").isTrue();

      var result = pair.resolve(node, Survivor.valueOf("SURVIVOR_" + keep));

      assertEquals("", result.getError().getReason(), result.getMessage());
      pair.await(1, "together", r -> r.getLink() == LinkState.LINK_STATE_CONNECTED);
      assertEquals(Role.ROLE_PRIMARY, pair.role(survivor, Role.ROLE_PRIMARY).getNow(), pair.logs());
      pair.awaitComplete(survivor);
      write(pair, survivor, survivor == 1 ? "read -P 2 4M 192k" : "read -P 3 8M 64k");
      assertEquals(-1, pair.firstDifference());
    }
  }

  /// FreeBSD's Handbook, on the node whose data goes.
  @Test
  void recipeOfTheHandbookWorksAsPrinted() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      split(pair);
      pair.await(1, "split", r -> r.getSplitBrain());
      pair.await(2, "split", r -> r.getSplitBrain());

      assertEquals(66, pair.hastctlCreate(1), "in use");
      assertEquals(Role.ROLE_INIT, pair.role(1, Role.ROLE_INIT).getNow(), pair.logs());
      assertEquals(0, pair.hastctlCreate(1));
      assertEquals(Role.ROLE_SECONDARY, pair.role(1, Role.ROLE_SECONDARY).getNow(), pair.logs());
      pair.await(1, "together", r -> r.getLink() == LinkState.LINK_STATE_CONNECTED);
      assertEquals(Role.ROLE_PRIMARY, pair.role(2, Role.ROLE_PRIMARY).getNow(), pair.logs());
      pair.awaitComplete(2);
      write(pair, 2, "read -P 3 8M 64k");
      assertEquals(-1, pair.firstDifference());
    }
  }

  @Test
  void showTellsWhatEachSideHasAndTheEventComesOnce() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      split(pair);
      pair.await(1, "split", r -> r.getSplitBrain());
      pair.await(2, "split", r -> r.getSplitBrain());
      TimeUnit.SECONDS.sleep(5); // several attempts

      var here = pair.splitBrain(2);

      assertThat(here.getDetectedUnixMillis()).isPositive();
      assertThat(here.getLocal().getNode()).isEqualTo("hast2");
      assertThat(here.getLocal().getLastWriteUnixMillis()).isPositive();
      assertThat(here.getPeer().getNode()).isEqualTo("hast1");
      assertThat(here.getPeer().getIdentity().getGeneration())
          .isEqualTo(pair.status(1).getIdentity().getGeneration());
      // hast1 was restarted since: what it says of its time alone was kept with its copy.
      assertThat(here.getPeer().getLastWriteUnixMillis())
          .isBetween(
              here.getLocal().getLastWriteUnixMillis() - 60_000,
              here.getLocal().getLastWriteUnixMillis());
      assertThat(here.getPeer().getSinceUnixMillis())
          .isBetween(
              here.getPeer().getLastWriteUnixMillis() - 60_000,
              here.getPeer().getLastWriteUnixMillis() + 1000);
      assertThat(here.getPeer().getDifferentBytes()).isBetween(192L << 10, 4L << 20);
      assertThat(here.getPeer().getDifferentExtents()).isBetween(1L, 3L);
      assertThat(pair.logs().lines().filter(line -> line.contains("event=SPLIT_BRAIN")).count())
          .as(pair.logs())
          .isEqualTo(2);
      assertThat(pair.logs().lines().filter(line -> line.contains("session ended")).count())
          .as(pair.logs())
          .isLessThanOrEqualTo(4);
      assertThat(pair.resolve(1, Survivor.SURVIVOR_PEER).getMessage()).isEmpty();
    }
  }

  @Test
  void primaryDoesNotGiveWayAndTheOtherIsToldWhatToDo() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      split(pair);
      pair.await(1, "split", r -> r.getSplitBrain());
      pair.await(2, "split", r -> r.getSplitBrain());
      assertEquals("", pair.force(2, Role.ROLE_PRIMARY).getError().getReason(), pair.logs());

      var result = pair.resolve(1, Survivor.SURVIVOR_LOCAL);

      assertThat(result.getMessage()).contains("it is primary, its copy is in use");
      assertThat(result.getError().getHint()).contains("split-brain keep-peer disk1");
    }
  }

  @Test
  void policyOfTheYamlLetsTheSideWithTheOlderWriteGiveWay() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      for (int node = 1; node <= 2; node++) {
        pair.replaceInYaml(
            node, "replicator: { ", "replicator: { split-brain: keep-latest-write, ");
      }
      split(pair); // hast2 writes last

      pair.await(1, "together", r -> r.getLink() == LinkState.LINK_STATE_CONNECTED);
      assertEquals(Role.ROLE_PRIMARY, pair.role(2, Role.ROLE_PRIMARY).getNow(), pair.logs());
      pair.awaitComplete(2);
      write(pair, 2, "read -P 3 8M 64k");
      assertEquals(-1, pair.firstDifference());
    }
  }

  @Test
  void policyOfTheYamlLetsTheSideWithFewerChangesGiveWay() throws Exception {
    // hast2 was promoted by force and counts everything as different, so it changed more.
    try (var pair = new Pair(directory, "fullsync")) {
      for (int node = 1; node <= 2; node++) {
        pair.replaceInYaml(
            node, "replicator: { ", "replicator: { split-brain: keep-more-changes, ");
      }
      split(pair);

      pair.await(1, "together", r -> r.getLink() == LinkState.LINK_STATE_CONNECTED);
      assertEquals(Role.ROLE_PRIMARY, pair.role(2, Role.ROLE_PRIMARY).getNow(), pair.logs());
      pair.awaitComplete(2);
      write(pair, 2, "read -P 3 8M 64k");
      assertEquals(-1, pair.firstDifference());
    }
  }

  /// A disk that was just created and served has the latest write, and nothing else of worth. The
  /// policy does not have it overwrite the other one, and an operator is told how much goes.
  @Test
  void diskThatNeverWasPartOfThePairIsNoMatterForThePolicy() throws Exception {
    try (var pair = new Pair(directory, "fullsync")) {
      for (int node = 1; node <= 2; node++) {
        pair.replaceInYaml(
            node, "replicator: { ", "replicator: { split-brain: keep-latest-write, ");
      }
      pair.start(1);
      pair.start(2);
      assertEquals(Role.ROLE_PRIMARY, pair.role(2, Role.ROLE_PRIMARY).getNow(), pair.logs());
      pair.awaitComplete(2);
      write(pair, 2, "write -P 1 0 1M");
      TimeUnit.MILLISECONDS.sleep(300); // status looks at writes a few times a second
      pair.role(2, Role.ROLE_SECONDARY); // which keeps the time of the last write
      pair.kill(2);
      assertEquals(Role.ROLE_INIT, pair.role(1, Role.ROLE_INIT).getNow(), pair.logs());
      assertEquals(0, pair.hastctlCreate(1));
      assertEquals("", pair.force(1, Role.ROLE_PRIMARY).getError().getReason(), pair.logs());
      write(pair, 1, "write -P 2 4M 64k");
      TimeUnit.MILLISECONDS.sleep(300); // status looks at writes a few times a second
      pair.role(1, Role.ROLE_SECONDARY);
      pair.start(2);
      pair.await(1, "split", r -> r.getSplitBrain());
      pair.await(2, "split", r -> r.getSplitBrain());
      TimeUnit.SECONDS.sleep(5); // several attempts

      assertThat(pair.status(2).getSplitBrain()).as(pair.logs()).isTrue();
      assertThat(pair.splitBrain(1).getEveryBlock()).isTrue();
      assertThat(pair.splitBrain(2).getEveryBlock()).isTrue();
      var result = pair.resolve(1, Survivor.SURVIVOR_PEER);
      assertThat(result.getTotalBytes()).isEqualTo(pair.status(2).getDataSizeBytes());
    }
  }
}
