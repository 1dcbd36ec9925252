package carpool.replicator.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;

import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.Resource;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two real replicators with mutual TLS, and with everything that must not pass for it.
@Tag("peer")
class TlsPairTest {
  @TempDir Path directory;
  private TestAuthority authority;

  @BeforeEach
  void makeAuthority() throws Exception {
    authority = new TestAuthority(directory.resolve("authority"));
  }

  private Pair pair(String first, String second) throws Exception {
    return new Pair(directory, "fullsync", new Pair.Extras("", first, second));
  }

  private static String[] writeAndVerify(Pair pair, int seed) {
    return new String[] {
      "--name=w",
      "--ioengine=nbd",
      "--uri=" + pair.uri(1),
      "--rw=randwrite",
      "--bsrange=4k-128k",
      "--iodepth=16",
      "--size=48M",
      "--verify=crc32c",
      "--verify_fatal=1",
      "--verify_state_save=0",
      "--randseed=" + seed
    };
  }

  @Test
  void pairIsInStepOverTlsAndComesBackAfterAKill() throws Exception {
    try (var pair = pair(authority.certificate("hast1"), authority.certificate("hast2"))) {
      pair.up();
      for (int round = 0; round < 3; round++) {
        var fio = Tools.start("fio", writeAndVerify(pair, round));
        TimeUnit.MILLISECONDS.sleep(300 + 150 * round);
        pair.kill(2);
        pair.start(2);
        var output = new String(fio.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, fio.waitFor(), output + pair.logs());
        pair.awaitComplete(1);
        assertEquals(-1, pair.firstDifference(), "round " + round);
      }
      assertThat(pair.logs()).contains("with TLS");
    }
  }

  /// The keys of AES-GCM wear out; the JDK renews them after the amount in `jdk.tls.keyLimits`,
  /// which is 128 GiB and 64 KiB here.
  @Test
  void keysAreRenewedInTheMiddleOfTheTraffic() throws Exception {
    var limits = directory.resolve("limits.properties");
    Files.writeString(
        limits,
        "jdk.tls.keyLimits=AES/GCM/NoPadding KeyUpdate 2^16, ChaCha20-Poly1305 KeyUpdate 2^16\n");
    try (var pair = pair(authority.certificate("hast1"), authority.certificate("hast2"))) {
      pair.environment(Map.of("JDK_JAVA_OPTIONS", "-Djava.security.properties=" + limits));
      pair.up();
      long before = disconnects(pair); // the promotion may have met a session that was being made

      var fio = Tools.run("fio", writeAndVerify(pair, 0));

      assertThat(fio).contains("err= 0");
      pair.awaitComplete(1);
      assertEquals(-1, pair.firstDifference());
      assertThat(disconnects(pair)).as(pair::logs).isEqualTo(before);
    }
  }

  private static long disconnects(Pair pair) {
    return pair.logs().lines().filter(line -> line.contains("event=DISCONNECT")).count();
  }

  @Test
  void certificateOfAnotherAuthorityIsRefusedOnBothSides() throws Exception {
    var other = new TestAuthority(directory.resolve("other"));
    refused(
        authority.certificate("hast1"),
        other.certificate("hast2"),
        "is not signed by the authority in tls: ca",
        "");
  }

  @Test
  void certificateThatOnlyTheListenerRefusesIsShownOnBothSides() throws Exception {
    var other = new TestAuthority(directory.resolve("other"));
    // hast1 trusts hast2, but not the other way round.
    var first = other.certificate("hast1").replace(other.ca() + "", authority.ca() + "");
    refused(first, authority.certificate("hast2"), "TLS handshake failed", "is not signed by");
  }

  @Test
  void expiredCertificateIsRefused() throws Exception {
    refused(authority.certificate("hast1"), authority.expired("hast2"), "hast2 has expired on", "");
  }

  @Test
  void expiredCertificateOfTheCallerIsRefused() throws Exception {
    refused(
        authority.expired("hast1"),
        authority.certificate("hast2"),
        "TLS handshake failed",
        "hast1 has expired on");
  }

  @Test
  void certificateOfAnotherNodeIsRefused() throws Exception {
    refused(
        authority.certificate("hast1"),
        authority.certificate("hast3"),
        "the certificate of hast3 is not made out to the peer",
        "");
  }

  @Test
  void callerWithTheCertificateOfAnotherNodeIsRefused() throws Exception {
    refused(
        authority.certificate("hast3"),
        authority.certificate("hast2"),
        "the certificate is made out to hast3, configured is hast1",
        "the certificate is made out to hast3, configured is hast1");
  }

  @Test
  void callerWithoutTlsIsToldThatThePeerWantsIt() throws Exception {
    refused("", authority.certificate("hast2"), "the peer wants TLS", "");
  }

  @Test
  void callerWithTlsIsToldThatThePeerHasNone() throws Exception {
    refused(authority.certificate("hast1"), "", "the peer answers without TLS", "");
  }

  /// Neither connects, hast1 (which calls) and hast2 tell why, and the log does not fill.
  ///
  /// @param second what hast2 says; empty when it cannot know
  private void refused(String firstTls, String secondTls, String first, String second)
      throws Exception {
    try (var pair = pair(firstTls, secondTls)) {
      pair.start(2);
      pair.start(1);
      var told = pair.await(1, "refused", TlsPairTest::isRefused);
      assertThat(told.getRefusalText()).as(pair.logs()).contains(first);
      if (!second.isEmpty()) {
        var there = pair.await(2, "refused", TlsPairTest::isRefused);
        assertThat(there.getRefusalText()).as(pair.logs()).contains(second);
      }
      // Several more attempts follow within this time, and say nothing new.
      TimeUnit.SECONDS.sleep(4);
      assertThat(pair.status(1).getLink()).isEqualTo(LinkState.LINK_STATE_REFUSED);
      assertThat(pair.logs().lines().filter(line -> line.contains("no session:")).count())
          .as(pair.logs())
          .isBetween(1L, 3L);
      assertThat(pair.logs().lines().count()).as(pair.logs()).isLessThan(60);
    }
  }

  private static boolean isRefused(Resource resource) {
    return resource.getLink() == LinkState.LINK_STATE_REFUSED
        && !resource.getRefusalText().isEmpty();
  }
}
