package carpool.election.peer;

import static org.assertj.core.api.Assertions.assertThat;

import carpool.election.core.wire.CarpDigest;
import carpool.election.core.wire.CarpKey;
import carpool.election.core.wire.CarpPacket;
import carpool.election.core.wire.Decoded;
import carpool.election.core.wire.IpAddress;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// One of ours (node 1) and one ucarp (node 2). ucarp reads its packets in blocks of up to a
/// second, so its times are lower bounds of the formula plus up to that.
@NeedsNamespaces
final class MixedPairTest {
  private static final String VIP = "10.77.0.50";
  private static final String OURS = "10.77.0.1";
  private static final String UCARP = "10.77.0.2";

  private Wire wire;
  private Capture capture;

  @SuppressWarnings("NullAway.Init")
  MixedPairTest() {}

  @BeforeEach
  void lay() {
    wire = new Wire(3);
    capture = Capture.start(wire);
  }

  @AfterEach
  void take() {
    wire.close();
  }

  private OwnNode ours(int advskew, boolean preempt) {
    return ours("MyPassword", "[10.77.0.50/24]", advskew, preempt);
  }

  private OwnNode ours(String password, String addresses, int advskew, boolean preempt) {
    return OwnNode.start(
        wire,
        1,
        "vhid: 1",
        "password: \"" + password + "\"",
        "addresses: " + addresses,
        "advskew: " + advskew,
        "preempt: " + preempt);
  }

  private UcarpNode ucarp(String... options) {
    return UcarpNode.start(wire, 2, "MyPassword", options);
  }

  @Test
  void oursReplacesAKilledUcarp() {
    var theirs = ucarp("-k", "0");
    theirs.awaitMaster(8);
    var own = ours(0, false);
    Command.await(6, "heard", () -> own.status().hasHeard());
    var ping = Ping.start(wire, VIP);
    ping.awaitReply();
    theirs.signal("KILL");
    own.awaitMaster(6);
    ping.awaitReply();
    double takeover = capture.takeover(UCARP, OURS);
    Measurements.note(
        "ucarp master killed, ours backup (skew 0)",
        "takeover %.3f s, client gap %.2f s",
        takeover,
        ping.longestGap());
    assertThat(takeover).isBetween(2.9, 3.2 + Command.SLACK);
    assertThat(wire.has(2, VIP)).as("ucarp leaves its address behind").isTrue();
    assertThat(wire.in(3, "ip neigh show " + VIP)).as("the client knows our MAC").contains(mac(1));
  }

  @Test
  void ucarpReplacesAKilledOneOfOurs() {
    var own = ours(0, false);
    own.awaitMaster(6);
    var theirs = ucarp("-k", "0");
    var ping = Ping.start(wire, VIP);
    ping.awaitReply();
    Command.await(8, "ucarp listens", () -> capture.adverts(OURS).size() >= 6);
    own.signal("KILL");
    theirs.awaitMaster(8);
    ping.awaitReply();
    Measurements.note(
        "ours master killed, ucarp backup (skew 0)",
        "takeover %.3f s, client gap %.2f s",
        capture.takeover(OURS, UCARP),
        ping.longestGap());
    assertThat(capture.adverts(UCARP)).isNotEmpty();
    assertThat(wire.has(1, VIP)).isFalse();
  }

  @Test
  void ucarpFollowsOurLeaveMarkerAndOursFollowsASlowStop() {
    var own = ours(0, true);
    own.awaitMaster(6);
    var theirs = ucarp("-k", "100", "-z");
    Command.await(8, "ucarp listens", () -> capture.adverts(OURS).size() >= 6);
    own.signal("TERM");
    theirs.awaitMaster(4);
    own.awaitEnd();
    double left = capture.takeover(OURS, UCARP);
    Measurements.note("ours stops (255/255), ucarp follows", "takeover %.3f s", left);
    assertThat(left).isLessThan(2.0);

    var again = ours(0, false);
    Command.await(6, "heard", () -> again.status().hasHeard());
    theirs.signal("TERM");
    again.awaitMaster(8);
    Measurements.note(
        "ucarp stops (-z, says nothing), ours follows",
        "takeover %.3f s",
        capture.takeover(UCARP, OURS));
  }

  @Test
  void oursPreemptsASlowerUcarp() {
    var theirs = ucarp("-k", "100");
    theirs.awaitMaster(8);
    var own = ours(0, true);
    own.awaitMaster(10);
    theirs.awaitBackup(4);
    assertThat(own.isMaster()).isTrue();
    Measurements.note(
        "ours preempts ucarp",
        "ucarp's last packet %.3f s after our first",
        capture.adverts(UCARP).getLast().seconds() - capture.adverts(OURS).getFirst().seconds());
  }

  @Test
  void ucarpPreemptsASlowerOneOfOurs() {
    var own = ours(100, true);
    own.awaitMaster(6);
    var theirs = ucarp("-k", "0", "-P");
    theirs.awaitMaster(6);
    own.awaitBackup(4);
    assertThat(own.log()).contains("MASTER -> BACKUP (more frequent advertisement received)");
    Measurements.note(
        "ucarp preempts ours",
        "our last packet %.3f s after ucarp's first",
        capture.adverts(OURS).getLast().seconds() - capture.adverts(UCARP).getFirst().seconds());
    assertThat(wire.has(1, VIP)).isFalse();
  }

  @Test
  void otherPasswordAndOtherAddressesAreRefusedOnBothSides() {
    var theirs = ucarp("-k", "0");
    theirs.awaitMaster(8);
    var wrong = ours("Other", "[10.77.0.50/24]", 100, true);
    Command.await(8, "dropped", () -> wrong.status().getCounters().getBadDigest() >= 3);
    wrong.awaitMaster(6);
    Command.await(6, "ucarp complains", () -> theirs.log().contains("Bad digest"));
    wrong.signal("TERM");
    wrong.awaitEnd();
    var more = ours("MyPassword", "[10.77.0.50/24, 10.77.0.51/24]", 100, true);
    Command.await(8, "dropped", () -> more.status().getCounters().getBadDigest() >= 3);
    assertThat(more.status().getWarningsList()).anyMatch(text -> text.contains("incorrect hash"));
    Measurements.note(
        "wrong password, other addresses (ucarp)",
        "dropped as bad-digest: %d of %d",
        more.status().getCounters().getBadDigest(),
        more.status().getCounters().getReceived());
  }

  @Test
  void witnessReadsEveryPacketOfOursAsValid() {
    var own = ours(20, true);
    own.awaitMaster(6);
    Command.await(6, "packets", () -> capture.adverts(OURS).size() >= 4);
    own.signal("TERM");
    own.awaitEnd();
    var digest = CarpDigest.of(CarpKey.ofPassword("MyPassword"), 1, List.of(IpAddress.parse(VIP)));
    assertThat(capture.adverts(OURS))
        .allSatisfy(advert ->
            assertThat(CarpPacket.decode(HexFormat.of().parseHex(advert.packetHex()), 1, digest))
                .isInstanceOf(Decoded.Genuine.class));
    String text =
        Command.sh(
            "tcpdump -nn -vv -T carp -r "
                + wire.directory().resolve("capture.pcap")
                + " proto 112");
    assertThat(text)
        .contains("CARPv2-advertise 36: vhid=1 advbase=1 advskew=20", "ttl 255", "flags [DF]")
        .doesNotContain("bad");
  }

  private String mac(int node) {
    String text = Command.sh("ip -n " + wire.ns(node) + " -o link show eth0");
    int at = text.indexOf("link/ether ") + 11;
    return text.substring(at, at + 17);
  }
}
