package carpool.election.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.election.v1.DemoteRequest;
import carpool.election.v1.ReloadRequest;
import carpool.election.v1.ReloadResponse;
import carpool.election.v1.ReportRequest;
import carpool.election.v1.ResignRequest;
import carpool.election.v1.WatchRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// IPv6, both families, unicast peers, crash recovery of addresses, maintenance, watching.
@NeedsNamespaces
final class VariantsTest {
  private static final String VIP4 = "10.77.0.50";
  private static final String VIP6 = "fd00:77::50";

  private Wire wire;
  private Capture capture;

  @SuppressWarnings("NullAway.Init")
  VariantsTest() {}

  @BeforeEach
  void lay() {
    wire = new Wire(3);
    capture = Capture.start(wire);
  }

  @AfterEach
  void take() {
    wire.close();
  }

  private OwnNode node(int number, String addresses, int advskew, String... more) {
    String[] yaml = new String[5 + more.length];
    yaml[0] = "vhid: 1";
    yaml[1] = "password: \"MyPassword\"";
    yaml[2] = "addresses: [" + addresses + "]";
    yaml[3] = "advskew: " + advskew;
    yaml[4] = "preempt: true";
    System.arraycopy(more, 0, yaml, 5, more.length);
    return OwnNode.start(wire, number, yaml);
  }

  private void killAndFollow(String scenario, OwnNode first, OwnNode second, String vip) {
    var ping = Ping.start(wire, vip);
    ping.awaitReply();
    Command.await(6, "heard", () -> second.status().hasHeard());
    first.signal("KILL");
    second.awaitMaster(6);
    ping.awaitReply();
    Command.await(3, "gone by itself", () -> !wire.has(1, vip));
    Measurements.note(scenario, "client gap %.2f s", ping.longestGap());
    assertThat(ping.longestGap()).isLessThan(5);
  }

  @Test
  void addressesOfIpv6MoveByIpv6Advertisements() {
    var first = node(1, VIP6 + "/64", 0);
    first.awaitMaster(8);
    var second = node(2, VIP6 + "/64", 0);
    killAndFollow("own pair, IPv6, kill -9", first, second, VIP6);
    assertThat(capture.adverts()).allMatch(advert -> advert.source().startsWith("fe80:"));
    var sources = capture.adverts().stream().map(Capture.Advert::source).distinct().toList();
    double takeover = capture.takeover(sources.get(0), sources.get(1));
    Measurements.note("own pair, IPv6, kill -9, backup skew 0", "takeover %.3f s", takeover);
    assertThat(takeover).isBetween(2.9, 3.2 + Command.SLACK);
  }

  @Test
  void bothFamiliesTravelTogether() {
    var first = node(1, VIP4 + "/24, " + VIP6 + "/64", 0);
    first.awaitMaster(8);
    var second = node(2, VIP4 + "/24, " + VIP6 + "/64", 20);
    assertThat(wire.has(1, VIP4)).isTrue();
    assertThat(wire.has(1, VIP6)).isTrue();
    killAndFollow("own pair, IPv4 and IPv6, kill -9, skew 20", first, second, VIP6);
    assertThat(wire.has(2, VIP4)).isTrue();
  }

  @Test
  void unicastPeersNeedNoMulticast() {
    var first = node(1, VIP4 + "/24", 0, "peers: [10.77.0.2]");
    first.awaitMaster(8);
    var second = node(2, VIP4 + "/24", 0, "peers: [10.77.0.1]");
    killAndFollow("own pair, unicast, kill -9", first, second, VIP4);
  }

  @Test
  void leftoverOfACrashIsRemovedAndWhatAnAdministratorSetIsNot() throws Exception {
    Path record = wire.directory().resolve("node1/state/election/storage.addresses");
    Files.createDirectories(record.getParent());
    Files.writeString(record, "eth0 10.77.0.60/32\neth0 10.77.0.61/32\neth0 10.77.0.62/32\n");
    wire.in(1, "ip addr add 10.77.0.60/32 dev eth0 valid_lft 600 preferred_lft 600");
    wire.in(1, "ip addr add 10.77.0.61/32 dev eth0");
    wire.in(1, "ip addr add 10.77.0.63/32 dev eth0 valid_lft 600 preferred_lft 600");
    var own = node(1, VIP4 + "/24", 0);
    assertThat(wire.has(1, "10.77.0.60")).as("recorded, with a lifetime: ours").isFalse();
    assertThat(wire.has(1, "10.77.0.61")).as("permanent: somebody else's").isTrue();
    assertThat(wire.has(1, "10.77.0.63")).as("not in our record").isTrue();
    own.awaitMaster(6);
    assertThat(Files.readString(record)).isEqualTo("eth0 " + VIP4 + "/24\n");
    own.signal("TERM");
    own.awaitEnd();
    assertThat(wire.has(1, VIP4)).isFalse();
    assertThat(record).doesNotExist();
  }

  @Test
  void addressThatWasThereBeforeIsNotTakenOver() {
    wire.in(1, "ip addr add 10.77.0.50/24 dev eth0");
    var own = node(1, VIP4 + "/24", 0);
    own.awaitMaster(6);
    Command.await(3, "demoted", () -> own.status().getEffectiveAdvskew() == 240);
    assertThat(own.status().getWarningsList())
        .anyMatch(text -> text.contains("was not added by this service"));
    own.signal("TERM");
    own.awaitEnd();
    assertThat(wire.has(1, VIP4)).isTrue();
  }

  @Test
  void reloadNamesWhatNeedsARestartUntilItHadOne() throws Exception {
    var own = node(1, VIP4 + "/24", 0);
    Path yaml = wire.directory().resolve("node1/carpool.yaml");
    assertThat(reload(own).getNeedsRestartList()).isEmpty();
    Files.writeString(yaml, Files.readString(yaml).replace("advskew: 0", "advskew: 50"));
    for (int i = 0; i < 2; i++) {
      assertThat(reload(own).getNeedsRestartList())
          .singleElement()
          .asString()
          .startsWith("election[storage].advskew: 0 -> 50; a restart of carpool-election");
    }
    Files.writeString(yaml, Files.readString(yaml).replace("advskew: 50", "advskew: fast"));
    assertThatThrownBy(() -> reload(own)).hasMessageContaining("advskew");
  }

  private static ReloadResponse reload(OwnNode node) {
    return node.call(stub -> stub.reload(ReloadRequest.getDefaultInstance()));
  }

  /// The kernel says no once, and no event tells when it would say yes.
  @Test
  void socketsThatCouldNotBeOpenedAreTriedAgain() {
    wire.in(1, "sysctl -qw net.ipv4.igmp_max_memberships=0");
    var own = node(1, VIP4 + "/24", 0);
    Command.await(3, "told", () -> !own.status().getWarningsList().isEmpty());
    assertThat(own.role()).isEqualTo("INIT");
    wire.in(1, "sysctl -qw net.ipv4.igmp_max_memberships=20");
    own.awaitMaster(9);
    assertThat(own.status().getWarningsList()).isEmpty();
  }

  /// What made a master give the role away ends, and the node can be trusted again.
  @Test
  void aBackupWhoseAddressIsFreeAgainIsNoLongerDemoted() {
    wire.in(1, "ip addr add 10.77.0.50/24 dev eth0");
    var own = node(1, VIP4 + "/24", 0);
    own.awaitMaster(6);
    Command.await(3, "demoted", () -> own.status().getEffectiveAdvskew() == 240);
    var other = node(2, VIP4 + "/24", 100);
    other.awaitMaster(8);
    wire.in(1, "ip addr del 10.77.0.50/24 dev eth0");
    Command.await(13, "trusted", () -> own.status().getEffectiveAdvskew() == 0);
  }

  private List<String> lines(int node, String words) {
    return wire.in(node, words).lines().map(String::strip).toList();
  }

  private static boolean has(List<String> lines, String... parts) {
    return lines.stream().anyMatch(line -> Stream.of(parts).allMatch(line::contains));
  }

  /// A network restart, or the renewal of a DHCP lease: the node's own address goes and comes back.
  @Test
  void ownAddressThatReturnsHasItsRouteAndIsNotSecondary() {
    var own = node(1, VIP4 + "/24", 0);
    own.awaitMaster(6);
    wire.in(1, "ip addr del 10.77.0.1/24 dev eth0");
    var ping = Ping.start(wire, VIP4);
    Command.await(
        5,
        "the shared address has a route without it",
        () -> has(lines(1, "ip route"), "10.77.0.0/24", "src " + VIP4));
    ping.awaitReply();

    wire.in(1, "ip addr add 10.77.0.1/24 dev eth0");

    Command.await(
        5,
        "only the node's own route is left",
        () -> {
          var routes = lines(1, "ip route");
          return has(routes, "10.77.0.0/24", "src 10.77.0.1") && !has(routes, "src " + VIP4);
        });
    assertThat(has(lines(1, "ip -o -4 addr show dev eth0"), "10.77.0.1/24", "secondary")).isFalse();
    ping.awaitReply();
    own.signal("TERM");
    own.awaitEnd();
    assertThat(wire.has(1, VIP4)).isFalse();
    assertThat(wire.has(1, "10.77.0.1")).as("the node's own address").isTrue();
    assertThat(has(lines(1, "ip route"), "10.77.0.0/24")).as("its route").isTrue();
  }

  /// The interface is up without any address when the service starts: DHCP is slow.
  @Test
  void ownAddressThatComesLateIsNotTakenAwayWithTheSharedOne() {
    wire.in(1, "ip addr del 10.77.0.1/24 dev eth0");
    var own = node(1, VIP4 + "/24", 0);
    own.awaitMaster(8);
    Command.await(5, "held", () -> wire.has(1, VIP4));

    wire.in(1, "ip addr add 10.77.0.1/24 dev eth0");
    own.call(stub -> stub.resign(ResignRequest.newBuilder().setCause("test").build()));

    Command.await(5, "released", () -> !wire.has(1, VIP4));
    assertThat(wire.has(1, "10.77.0.1")).isTrue();
    assertThat(has(lines(1, "ip route"), "10.77.0.0/24", "src 10.77.0.1")).isTrue();
    assertThat(has(lines(1, "ip route"), "src " + VIP4)).isFalse();
  }

  @Test
  void ownIpv6AddressThatReturnsIsAloneOnItsPrefixAgain() {
    var own = node(1, VIP6 + "/64", 0);
    own.awaitMaster(8);
    wire.in(1, "ip addr del fd00:77::1/64 dev eth0");
    Command.await(
        5,
        "a route of the shared address",
        () -> has(lines(1, "ip -6 route show dev eth0"), "fd00:77::/64", "src " + VIP6));

    wire.in(1, "ip addr add fd00:77::1/64 dev eth0 nodad");

    Command.await(
        5,
        "only the node's own route is left",
        () -> {
          var routes = lines(1, "ip -6 route show dev eth0");
          return has(routes, "fd00:77::/64", "proto kernel") && !has(routes, "src " + VIP6);
        });
  }

  /// The record of addresses is there for cleaning up; it is no condition of service.
  @Test
  void fullStateDirectoryDoesNotKeepTheLastNodeFromServing() throws Exception {
    Path state = Files.createDirectories(wire.directory().resolve("node1/state"));
    Command.sh("mount -t tmpfs -o size=4k,nr_inodes=1 tmpfs " + state);
    try {
      var own = node(1, VIP4 + "/24", 0);
      own.awaitMaster(6);
      Command.await(3, "held", () -> wire.has(1, VIP4));
      assertThat(own.status().getWarningsList())
          .anyMatch(text -> text.contains(state.toString()) && text.contains("No space left"));
      own.signal("TERM");
      own.awaitEnd();
      assertThat(wire.has(1, VIP4)).isFalse();
    } finally {
      Command.sh("umount " + state);
    }
  }

  /// Who watches learns of the stop first, and does not hold it up.
  @Test
  void watchersDoNotHoldUpAStop() {
    var own = node(1, VIP4 + "/24", 0);
    own.awaitMaster(6);
    own.call(stub -> {
      var events = stub.watch(WatchRequest.getDefaultInstance());
      events.next();
      own.signal("TERM");
      Command.await(2 + Command.SLACK, "the address is off", () -> !wire.has(1, VIP4));
      return assertThatThrownBy(
              () -> {
                while (events.hasNext()) {
                  events.next();
                }
              })
          .hasMessageContaining("stopping");
    });
    own.awaitEnd();
  }

  @Test
  void maintenanceRulesMasterOutAndIsWatched() {
    var own = node(1, VIP4 + "/24", 0);
    own.awaitMaster(6);
    own.call(stub -> {
      var events = stub.watch(WatchRequest.getDefaultInstance());
      var present = events.next();
      assertThat(present.hasTransition()).isFalse();
      assertThat(present.getGroup().getLine()).isEqualTo("carp: MASTER vhid 1 advbase 1 advskew 0");
      var demoted =
          stub.demote(
              DemoteRequest.newBuilder().setCause("maintenance").setIneligible(true).build());
      assertThat(demoted.getGroups(0).getEligible()).isFalse();
      var change = events.next();
      assertThat(change.getNumber()).isEqualTo(present.getNumber() + 1);
      assertThat(change.getTransition().getReason()).isEqualTo("not eligible");
      return change;
    });
    assertThat(own.isMaster()).isFalse();
    assertThat(wire.has(1, VIP4)).isFalse();
  }

  @Test
  void whoeverWatchesHearsOfTheAddressThatComesWhenThePoolIsServed() {
    var own = node(1, VIP4 + "/24", 0, "vip: when-ready");
    own.awaitMaster(6);
    own.call(stub -> {
      var events = stub.watch(WatchRequest.getDefaultInstance());
      assertThat(events.next().getGroup().getAddressesPresent()).isFalse();
      var served = ReportRequest.newBuilder().setNextWithinMillis(60_000);
      var _ = stub.report(served.addReadyGroups("storage").build());
      var come = events.next();
      assertThat(come.hasTransition()).isFalse();
      assertThat(come.getGroup().getAddressesPresent()).isTrue();
      assertThat(wire.has(1, VIP4)).isTrue();
      var _ = stub.report(served.clearReadyGroups().build());
      assertThat(events.next().getGroup().getAddressesPresent()).isFalse();
      return come;
    });
  }

  @Test
  void virtualMacAnswersAloneAndMovesWithTheAddress() {
    wire.in(1, "sysctl -q -w net.ipv4.conf.eth0.arp_announce=1");
    var first = node(1, VIP4 + "/24", 0, "mac: virtual");
    first.awaitMaster(8);
    var second = node(2, VIP4 + "/24", 0, "mac: virtual");
    var ping = Ping.start(wire, VIP4);
    ping.awaitReply();
    assertThat(wire.in(3, "ip neigh show " + VIP4)).contains("00:00:5e:00:01:01");
    assertThat(wire.in(3, "arping -c 2 -f -I eth0 " + VIP4).toLowerCase(java.util.Locale.ROOT))
        .contains("00:00:5e:00:01:01");
    Command.await(6, "heard", () -> second.status().hasHeard());
    first.signal("KILL");
    second.awaitMaster(6);
    ping.awaitReply();
    assertThat(wire.in(3, "ip neigh show " + VIP4)).contains("00:00:5e:00:01:01");
    Measurements.note("own pair, virtual MAC, kill -9", "client gap %.2f s", ping.longestGap());
    second.signal("TERM");
    second.awaitEnd();
    assertThat(wire.in(2, "ip -o link")).doesNotContain("carp1");
    assertThat(wire.in(1, "ip -o link")).as("left by the killed one").contains("carp1");
    assertThat(arpSettings(1)).as("left by the killed one").isEqualTo("1 2");
    assertThat(arpSettings(2)).as("put back by an orderly stop").isEqualTo("0 0");
    var again = node(1, VIP4 + "/24", 0, "mac: virtual");
    assertThat(wire.in(1, "ip -o link")).as("removed at the start").doesNotContain("carp1");
    assertThat(arpSettings(1)).as("put back at the start").isEqualTo("0 1");
    again.awaitMaster(6);
  }

  private String arpSettings(int node) {
    String keys = "net.ipv4.conf.eth0.arp_ignore net.ipv4.conf.eth0.arp_announce";
    return wire.in(node, "sysctl -n " + keys).strip().replace('\n', ' ');
  }

  @Test
  void duplicateAddressIsNoticed() {
    var own = node(1, VIP4 + "/24", 0);
    own.awaitMaster(6);
    wire.in(2, "ip addr add 10.77.0.50/24 dev eth0");
    wire.in(2, "arping -A -c 1 -I eth0 10.77.0.50");
    Command.await(
        5,
        "noticed",
        () -> own.status().getCounters().getByNameOrDefault("suspicion-duplicate-address", 0) > 0);
    assertThat(own.status().getWarningsList())
        .anyMatch(text -> text.contains("another host answers"));
  }

  @Test
  void duplicateAddressOfIpv6IsNoticedAndAnsweredWithAnAnnouncement() {
    var own = node(1, VIP6 + "/64", 0);
    own.awaitMaster(8);
    Command.await(8, "announced as at every takeover", () -> announcements(own) >= 3);
    // Another group with the same address: its master advertises it to all nodes.
    var other =
        OwnNode.start(wire, 2, "vhid: 2", "password: \"Other\"", "addresses: [" + VIP6 + "/64]");
    other.awaitMaster(8);
    Command.await(
        8,
        "noticed",
        () -> own.status().getCounters().getByNameOrDefault("suspicion-duplicate-address", 0) > 0);
    assertThat(own.status().getWarningsList())
        .anyMatch(text -> text.contains("another host answers"));
    Command.await(8, "announced again, long before the minute", () -> announcements(own) > 3);
  }

  private static long announcements(OwnNode node) {
    return node.status().getCounters().getByNameOrDefault("announcements", 0);
  }
}
