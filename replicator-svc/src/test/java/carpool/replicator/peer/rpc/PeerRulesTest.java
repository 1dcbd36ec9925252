package carpool.replicator.peer.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import carpool.kit.config.HastAddress;
import carpool.kit.config.HastResource;
import carpool.kit.config.NodeName;
import carpool.peer.v1.Hello;
import carpool.replicator.link.Checksum;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLSession;
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

  /// Both are signed by an authority that the node trusts; only one is the peer's.
  @Test
  void certificateIsMadeOutToThePeer() throws Exception {
    PeerRules.requirePeer(sessionWith(HAST2), RESOURCE);
    PeerRules.requirePeer(null, RESOURCE); // without TLS there is none
    var other = sessionWith(HAST3);
    assertThatThrownBy(() -> PeerRules.requirePeer(other, RESOURCE))
        .isInstanceOf(IOException.class)
        .hasMessage("the certificate is made out to hast3, configured is hast2");
  }

  /// A session after its handshake; answers nothing but who the peer is.
  private static SSLSession sessionWith(String pem) throws CertificateException {
    var certificates =
        new Certificate[] {
          CertificateFactory.getInstance("X.509")
              .generateCertificate(
                  new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)))
        };
    return (SSLSession)
        Proxy.newProxyInstance(
            PeerRulesTest.class.getClassLoader(),
            new Class<?>[] {SSLSession.class},
            (_, method, _) -> {
              if (method.getName().equals("getPeerCertificates")) {
                return certificates;
              }
              throw new UnsupportedOperationException(method.toString());
            });
  }

  private static InetSocketAddress address(String text) throws IOException {
    return new InetSocketAddress(InetAddress.getByName(text), 4711);
  }

  private static final String HAST2 =
      """
      -----BEGIN CERTIFICATE-----
      MIIBiTCCAS+gAwIBAgIUMaJgPEJAYPxr4PAkAJRNbZZTSoswCgYIKoZIzj0EAwIw
      EDEOMAwGA1UEAwwFaGFzdDIwIBcNMjYxMTMwMTY1MjE2WhgPMjEyNjExMDYxNjUy
      MTZaMBAxDjAMBgNVBAMMBWhhc3QyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
      +w49GDEYgPRcQfKIieOr48BOVPqdIJYMDTYHxk7D0ruPmHbv3Pd3X8oz/3KoXpHy
      lTbcKet9UfFHBYPqewsu3KNlMGMwHQYDVR0OBBYEFIL11zB73QsmlictOKmS02cj
      D+YYMB8GA1UdIwQYMBaAFIL11zB73QsmlictOKmS02cjD+YYMA8GA1UdEwEB/wQF
      MAMBAf8wEAYDVR0RBAkwB4IFaGFzdDIwCgYIKoZIzj0EAwIDSAAwRQIgI2Wtfklz
      o+zV5eVzHMJFUXXLwqrZP0jKnJza/Evd55UCIQCkwKcx7MFjzT0a37ahy/7M7hX5
      gaku+m5c2XMEZobiVg==
      -----END CERTIFICATE-----
      """;

  private static final String HAST3 =
      """
      -----BEGIN CERTIFICATE-----
      MIIBiDCCAS+gAwIBAgIUeMricdds/IVyQW/iYc7XBg3MGG8wCgYIKoZIzj0EAwIw
      EDEOMAwGA1UEAwwFaGFzdDMwIBcNMjYxMTMwMTY1MjE2WhgPMjEyNjExMDYxNjUy
      MTZaMBAxDjAMBgNVBAMMBWhhc3QzMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
      ICuP4jmgGfkio08WufcnPbczJXPjUN7cgxz0d8EClgfd51Wv8UF5sAFKIW5DWESI
      RgTnXq1r6sHvMjm5HhSuhKNlMGMwHQYDVR0OBBYEFPomSgKvEBjq1EYp9O31sqrO
      NnDiMB8GA1UdIwQYMBaAFPomSgKvEBjq1EYp9O31sqrONnDiMA8GA1UdEwEB/wQF
      MAMBAf8wEAYDVR0RBAkwB4IFaGFzdDMwCgYIKoZIzj0EAwIDRwAwRAIgG7c5egNd
      lYML3s9VmD8MX83q6z9G5xBqcyGNxJk+FU8CIGQ6k/7C4r9CnBsw28dgVow4lZPc
      lbp1RpvHi86mqdVw
      -----END CERTIFICATE-----
      """;
}
