package carpool.replicator.peer.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.kit.config.HastAddress;
import carpool.kit.config.HastResource;
import carpool.kit.config.NodeName;
import carpool.peer.v1.Hello;
import carpool.replicator.link.Checksum;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Who is let in as the peer of a resource.
final class PeerRulesTest {
  private static final HastResource RESOURCE =
      new HastResource(
          "disk1",
          HastResource.ReplicationMode.FULLSYNC,
          HastResource.Checksum.CRC32C,
          HastResource.Compression.NONE,
          Duration.ofSeconds(20),
          Optional.empty(),
          node("hast1", "192.0.2.2"),
          List.of(node("hast2", "192.0.2.1")));

  private static HastResource.Component node(String name, String remote) {
    return new HastResource.Component(
        new NodeName(name),
        "disk1",
        "/dev/null",
        Optional.of(new HastAddress(remote, HastAddress.Family.TCP, remote, 8457)),
        Optional.empty(),
        true);
  }

  private static Hello.Builder hello() {
    return Hello.newBuilder()
        .setCluster("storage")
        .setResource("disk1")
        .setNode("hast2")
        .setProtocolMin(PeerSessions.PROTOCOL)
        .setProtocolMax(PeerSessions.PROTOCOL)
        .setChecksum("sha256");
  }

  private static void refused(Hello.Builder hello, String why) {
    assertThatThrownBy(() -> PeerRules.check(hello.build(), RESOURCE, "storage"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(why);
  }

  @Test
  void peerOfTheResourceIsLetIn() throws IOException {
    PeerRules.check(hello().build(), RESOURCE, "storage");
    PeerRules.check(
        hello().setProtocolMin(0).setProtocolMax(PeerSessions.PROTOCOL + 1).build(),
        RESOURCE,
        "storage");
  }

  @Test
  void everybodyElseIsNot() {
    refused(hello().setCluster("other"), "cluster");
    refused(hello().setResource("disk2"), "disk2");
    refused(hello().setNode("hast3"), "hast3");
    refused(
        hello().setProtocolMin(PeerSessions.PROTOCOL + 1).setProtocolMax(PeerSessions.PROTOCOL + 2),
        "speaks block protocol");
    refused(hello().setProtocolMin(0).setProtocolMax(PeerSessions.PROTOCOL - 1), "protocol");
  }

  @Test
  void eachSideSendsItsOwnChecksum() throws IOException {
    var coding = PeerRules.coding(RESOURCE, hello().build());
    assertThat(coding.sent()).isEqualTo(Checksum.CRC32C);
    assertThat(coding.received()).isEqualTo(Checksum.SHA256);
    assertThatThrownBy(() -> PeerRules.coding(RESOURCE, hello().setChecksum("md5").build()))
        .isInstanceOf(IOException.class);
  }

  @Test
  void connectionComesFromTheConfiguredAddress() throws IOException {
    assertThat(PeerRules.fromPeer(RESOURCE, address("192.0.2.2"))).isTrue();
    assertThat(PeerRules.fromPeer(RESOURCE, address("192.0.2.3"))).isFalse();
  }

  private static InetSocketAddress address(String text) throws IOException {
    return new InetSocketAddress(InetAddress.getByName(text), 4711);
  }
}
