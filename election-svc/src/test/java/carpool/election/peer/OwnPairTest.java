package carpool.election.peer;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.election.v1.DemoteRequest;
import carpool.election.v1.ReportRequest;
import carpool.election.v1.ResignRequest;
import carpool.election.v1.State;
import carpool.election.v1.UndemoteRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Two and three of our nodes on a real wire. Bounds on time are what is promised and
/// [Command#SLACK] for a loaded machine; that no two nodes hold the address has no slack. A node
/// that began to listen follows nobody before it has listened for a dead time (3.4 s at skew 100),
/// so tests that hand over wait for five advertisements.
@NeedsNamespaces
final class OwnPairTest {
  private static final String VIP = "10.77.0.50";
  private static final String[] BASE = {
    "vhid: 1", "password: \"MyPassword\"", "addresses: [10.77.0.50/24]", "advbase: 1"
  };

  private Wire wire;
  private Capture capture;
  private AddressWatch addresses;

  @SuppressWarnings("NullAway.Init")
  OwnPairTest() {}

  @BeforeEach
  void lay() {
    wire = new Wire(4);
    capture = Capture.start(wire);
    addresses = AddressWatch.start(wire);
  }

  @AfterEach
  void take() {
    wire.close();
  }

  private OwnNode node(int number, int advskew, boolean preempt, String... more) {
    String[] yaml = new String[BASE.length + 2 + more.length];
    System.arraycopy(BASE, 0, yaml, 0, BASE.length);
    yaml[BASE.length] = "advskew: " + advskew;
    yaml[BASE.length + 1] = "preempt: " + preempt;
    System.arraycopy(more, 0, yaml, BASE.length + 2, more.length);
    return OwnNode.start(wire, number, yaml);
  }

  private double overlap() {
    return addresses.overlap(VIP);
  }

  @Test
  void killedMasterIsReplacedWithinThreePointTwoSeconds() {
    var first = node(1, 0, false);
    first.awaitMaster(6);
    var second = node(2, 0, false);
    var ping = Ping.start(wire, VIP);
    ping.awaitReply();
    Command.await(5, "heard", () -> second.status().hasHeard());

    first.signal("KILL");
    second.awaitMaster(6);
    Command.await(3, "address", () -> wire.has(2, VIP));
    ping.awaitReply();
    Command.await(3, "the killed node's address is gone", () -> !wire.has(1, VIP));

    double takeover = capture.takeover("10.77.0.1", "10.77.0.2");
    Measurements.note(
        "own pair, kill -9, backup skew 0",
        "takeover %.3f s, client gap %.2f s, two holders %.3f s",
        takeover,
        ping.longestGap(),
        overlap());
    assertThat(takeover).isBetween(2.9, 3.2 + Command.SLACK);
    assertThat(overlap()).isZero();
    assertThat(ping.longestGap()).isLessThan(5);
  }

  @Test
  void stoppedMasterHandsOverWithinAFifthOfASecond() {
    var first = node(1, 0, true);
    first.awaitMaster(6);
    var second = node(2, 100, true);
    Command.await(5, "heard", () -> second.status().hasHeard());
    var ping = Ping.start(wire, VIP);
    ping.awaitReply();
    Command.await(8, "listened", () -> second.status().getCounters().getReceived() >= 5);

    first.signal("TERM");
    second.awaitMaster(4);
    first.awaitEnd();
    ping.awaitReply();

    double takeover = capture.takeover("10.77.0.1", "10.77.0.2");
    var last = capture.adverts("10.77.0.1").getLast();
    Measurements.note(
        "own pair, orderly stop (bow-out)",
        "takeover %.3f s, client gap %.2f s, two holders %.3f s",
        takeover,
        ping.longestGap(),
        overlap());
    assertThat(last.leaving()).isTrue();
    assertThat(takeover).isLessThan(0.2);
    assertThat(overlap()).isZero();
    assertThat(wire.has(1, VIP)).isFalse();
  }

  /// An upgrade of the service under a pool that is served. How long the next process takes to
  /// start is the machine's affair: when it comes too late the peer takes over, as after a crash,
  /// so that is tried again; two holders are never allowed.
  @Test
  void restartUnderAServedPoolKeepsRoleAndAddress() {
    var first = node(1, 0, true);
    first.awaitMaster(6);
    var second = node(2, 100, true);
    Command.await(5, "heard", () -> second.status().hasHeard());
    var ping = Ping.start(wire, VIP);
    ping.awaitReply();
    boolean kept = false;
    for (int attempt = 0; attempt < 5 && !kept; attempt++) {
      var serving = first;
      Command.await(8, "MASTER", serving::isMaster);
      serving.call(stub ->
          stub.report(
              ReportRequest.newBuilder()
                  .setNextWithinMillis(60_000)
                  .addReadyGroups("storage")
                  .build()));
      Command.await(3, "advertised since", () -> wire.has(1, VIP));
      long before = serving.status().getCounters().getSent();
      Command.await(3, "advertised since", () -> serving.status().getCounters().getSent() > before);

      serving.signal("TERM");
      serving.awaitEnd();
      first = node(1, 0, true);

      kept = first.log().contains("INIT -> MASTER (resumed after a restart)");
    }
    assertThat(kept).isTrue();
    assertThat(capture.adverts("10.77.0.1")).noneMatch(advert -> advert.leaving());
    assertThat(overlap()).isZero();
    ping.awaitReply();
    Measurements.note(
        "own pair, restart under a served pool", "client gap %.2f s", ping.longestGap());
  }

  @Test
  void resignedMasterStaysAwayAndDemotedOneIsPreempted() {
    var first = node(1, 0, true);
    first.awaitMaster(6);
    var second = node(2, 100, true);
    Command.await(8, "listened", () -> second.status().getCounters().getReceived() >= 5);

    var answer =
        first.call(stub -> stub.resign(ResignRequest.newBuilder().setCause("test").build()));
    assertThat(answer.getGroups(0).getState()).isEqualTo(State.STATE_BACKUP);
    second.awaitMaster(2);
    double resigned = capture.takeover("10.77.0.1", "10.77.0.2");
    Measurements.note("own pair, resign over gRPC", "takeover %.3f s", resigned);
    assertThat(resigned).isLessThan(0.2);

    first.awaitMaster(20);
    Measurements.note("own pair, preempt takeback after resign", "two holders %.3f s", overlap());
    var demoted =
        first.call(stub ->
            stub.demote(
                DemoteRequest.newBuilder()
                    .setCause("pool")
                    .setAmount(200)
                    .setText("pool zhast is FAULTED")
                    .build()));
    assertThat(demoted.getGroups(0).getEffectiveAdvskew()).isEqualTo(200);
    second.awaitMaster(20);
    first.awaitBackup(2);
    assertThat(first.status().getDemotions(0).getText()).isEqualTo("pool zhast is FAULTED");
    first.call(stub -> stub.undemote(UndemoteRequest.newBuilder().setCause("pool").build()));
    first.awaitMaster(20);
    assertThat(overlap()).isZero();
  }

  @Test
  void betterNodeTakesBackAfterItHasListenedAndNobodyHoldsTheAddressTwice() {
    var second = node(2, 100, true);
    second.awaitMaster(6);
    var first = node(1, 0, true);
    var ping = Ping.start(wire, VIP);
    ping.awaitReply();
    first.awaitMaster(10);
    second.awaitBackup(2);
    ping.awaitReply();
    Measurements.note(
        "own pair, preempt takeback",
        "client gap %.2f s, two holders %.3f s",
        ping.longestGap(),
        overlap());
    assertThat(overlap()).isZero();
    assertThat(ping.longestGap()).isLessThan(1.5);
  }

  @Test
  void lostInterfaceAndLostCarrierAreSeenAtOnce() {
    var first = node(1, 0, true);
    first.awaitMaster(6);
    var second = node(2, 0, false);
    Command.await(5, "heard", () -> second.status().hasHeard());
    long before = System.nanoTime();
    wire.cable(1, false);
    Command.await(2, "INIT", () -> first.role().equals("INIT"));
    double seen = (System.nanoTime() - before) / 1e9;
    second.awaitMaster(6);
    double carrier = capture.takeover("10.77.0.1", "10.77.0.2");
    wire.cable(1, true);
    Command.await(2, "BACKUP", () -> first.role().equals("BACKUP"));

    wire.interfaceUp(2, false);
    first.awaitMaster(8);
    double down = capture.takeover("10.77.0.2", "10.77.0.1");
    wire.interfaceUp(2, true);
    Command.await(2, "BACKUP", () -> second.role().equals("BACKUP"));
    Measurements.note(
        "own pair, carrier lost / interface down",
        "seen after %.3f s, takeover %.3f s / %.3f s, two holders %.3f s",
        seen,
        carrier,
        down,
        overlap());
    assertThat(carrier).isBetween(2.9, 3.2 + Command.SLACK);
    assertThat(down).isBetween(2.9, 3.2 + Command.SLACK);
    assertThat(seen).isLessThan(1);
    assertThat(overlap()).isZero();
  }

  @Test
  void frozenMasterLosesTheAddressAndListensWhenItWakes() {
    var first = node(1, 0, true);
    first.awaitMaster(6);
    var second = node(2, 100, true);
    Command.await(5, "heard", () -> second.status().hasHeard());
    var ping = Ping.start(wire, VIP);
    ping.awaitReply();

    first.signal("STOP");
    second.awaitMaster(6);
    ping.awaitReply();
    assertThat(wire.has(1, VIP)).as("the kernel has dropped it").isFalse();
    first.signal("CONT");
    first.awaitBackup(2);
    first.awaitMaster(10);
    second.awaitBackup(2);

    Measurements.note(
        "own pair, SIGSTOP of the master",
        "takeover %.3f s, client gap %.2f s, two holders %.3f s",
        capture.adverts("10.77.0.2").getFirst().seconds()
            - capture.adverts("10.77.0.1").stream()
                .filter(
                    advert -> advert.seconds() < capture.adverts("10.77.0.2").getFirst().seconds())
                .toList()
                .getLast()
                .seconds(),
        ping.longestGap(),
        overlap());
    assertThat(first.log()).contains("own clock late, another master assumed");
    assertThat(overlap()).isZero();
  }

  @Test
  void threeNodesTakeOverInTheOrderOfTheirSkew() {
    var first = node(1, 0, true);
    first.awaitMaster(6);
    var second = node(2, 50, true);
    var third = node(3, 100, true);
    Command.await(8, "listened", () -> third.status().getCounters().getReceived() >= 4);
    first.signal("KILL");
    second.awaitMaster(8);
    assertThat(third.isMaster()).isFalse();
    double one = capture.takeover("10.77.0.1", "10.77.0.2");
    second.signal("KILL");
    third.awaitMaster(8);
    Measurements.note(
        "three own nodes, kill -9 twice (skew 50, then 100)",
        "takeover %.3f s, %.3f s, two holders %.3f s",
        one,
        capture.takeover("10.77.0.2", "10.77.0.3"),
        overlap());
    assertThat(overlap()).isZero();
  }

  @Test
  void wrongPasswordIsCountedAndShown() {
    var first = node(1, 0, true);
    first.awaitMaster(6);
    var second =
        OwnNode.start(
            wire,
            2,
            "vhid: 1",
            "password: \"Other\"",
            "addresses: [10.77.0.50/24]",
            "advskew: 100",
            "preempt: true");
    Command.await(8, "dropped", () -> second.status().getCounters().getBadDigest() >= 3);
    var status = second.status();
    assertThat(status.getWarningsList()).anyMatch(warning -> warning.contains("incorrect hash"));
    assertThat(second.log()).contains("incorrect hash");
    Measurements.note(
        "own pair, wrong password",
        "dropped as bad-digest: %d of %d",
        status.getCounters().getBadDigest(),
        status.getCounters().getReceived());
  }

  @Test
  void simultaneousStartMakesOneMaster() {
    var first = node(1, 0, true);
    var second = node(2, 0, true);
    Command.await(8, "one master", () -> first.isMaster() || second.isMaster());
    Command.await(
        4, "the other hears it", () -> (first.isMaster() ? second : first).status().hasHeard());
    assertThat(first.isMaster()).isNotEqualTo(second.isMaster());
    Measurements.note("own pair, started together, equal skew", "two holders %.3f s", overlap());
    assertThat(overlap()).isZero();
  }

  @Test
  void healedPartitionLeavesTheBetterMasterWithinASecond() {
    var first = node(1, 0, true);
    first.awaitMaster(6);
    var second = node(2, 100, true);
    Command.await(5, "heard", () -> second.status().hasHeard());
    wire.partition(2, true);
    second.awaitMaster(8);
    wire.partition(2, false);
    second.awaitBackup(4);
    assertThat(first.isMaster()).isTrue();
    assertThat(first.status().getCounters().getReplayed()).isZero();
  }
}
