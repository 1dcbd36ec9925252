package carpool.replicator.nbd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// TCP with mutual TLS, spoken to libnbd's tools; certificates by openssl.
@Tag("peer")
class TlsTest {
  private static final char[] PASSWORD = "changeit".toCharArray();

  @TempDir Path directory;
  private final MemoryDevice device = new MemoryDevice(32 << 20);
  private NbdServer server;
  private int port;

  @BeforeEach
  void serve() throws Exception {
    makeCertificates();
    var context = context();
    server =
        NbdServer.listenTcp(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            new OneExport("disk1", device),
            () -> engine(context));
    port = ((InetSocketAddress) server.address()).getPort();
  }

  @AfterEach
  void stop() throws Exception {
    server.stop(Duration.ofSeconds(5));
    assertThat(device.allSlotsFree()).isTrue();
  }

  @Test
  void copiesThroughTls() throws Exception {
    var content = new byte[32 << 20];
    new Random(1).nextBytes(content);
    var image = Files.write(directory.resolve("image"), content);
    var back = directory.resolve("back");

    assertThat(run("nbdinfo", uri("nbds"))).contains("with TLS", "export=\"disk1\"");
    run("nbdcopy", "--flush", image.toString(), uri("nbds"));
    run("nbdcopy", uri("nbds"), back.toString());

    assertThat(Files.mismatch(image, back)).isEqualTo(-1);
  }

  @Test
  void aClientWithoutTlsIsToldSo() throws Exception {
    assertThat(fails("nbdinfo", "nbd://127.0.0.1:" + port + "/disk1")).contains("TLS");
  }

  @Test
  void aClientWithoutCertificateIsRefused() throws Exception {
    Files.delete(directory.resolve("client-cert.pem"));
    Files.delete(directory.resolve("client-key.pem"));

    assertThat(fails("nbdinfo", uri("nbds"))).isNotEmpty();
    assertThat(device.requests).hasValue(0);
  }

  @Test
  void bytesInTheClearBehindStartTlsEndTheConnection() throws Exception {
    try (var client = new WireClient(server.address())) {
      client.receive(18);
      client.send("00000003" + "49484156454f50540000000500000000" + "49484156454f5054");

      assertThat(client.receive(20)).isEqualTo("0003e889045565a9000000050000000100000000");
      assertThat(client.isClosedByServer()).isTrue();
    }
  }

  private String uri(String scheme) {
    return scheme + "://127.0.0.1:" + port + "/disk1?tls-certificates=" + directory;
  }

  private static SSLEngine engine(SSLContext context) {
    var engine = context.createSSLEngine();
    engine.setUseClientMode(false);
    engine.setNeedClientAuth(true);
    return engine;
  }

  private SSLContext context() throws Exception {
    var keys = KeyStore.getInstance("PKCS12");
    try (var in = Files.newInputStream(directory.resolve("server.p12"))) {
      keys.load(in, PASSWORD);
    }
    var keyManagers = KeyManagerFactory.getInstance("PKIX");
    keyManagers.init(keys, PASSWORD);
    var trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (var in = Files.newInputStream(directory.resolve("ca-cert.pem"))) {
      var factory = java.security.cert.CertificateFactory.getInstance("X.509");
      trusted.setCertificateEntry("ca", factory.generateCertificate(in));
    }
    var trustManagers = TrustManagerFactory.getInstance("PKIX");
    trustManagers.init(trusted);
    var context = SSLContext.getInstance("TLS");
    context.init(keyManagers.getKeyManagers(), trustManagers.getTrustManagers(), null);
    return context;
  }

  private void makeCertificates() throws Exception {
    script(
        """
        set -e
        req() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "$@"; }
        req -x509 -days 2 -subj /CN=ca -keyout ca-key.pem -out ca-cert.pem
        for who in server client; do
          req -subj /CN=$who -keyout $who-key.pem -out $who.csr
          printf 'subjectAltName=IP:127.0.0.1\\n' > ext
          openssl x509 -req -days 2 -in $who.csr -CA ca-cert.pem -CAkey ca-key.pem \\
            -CAcreateserial -extfile ext -out $who-cert.pem
        done
        openssl pkcs12 -export -in server-cert.pem -inkey server-key.pem \\
          -passout pass:changeit -out server.p12
        """);
  }

  private void script(String text) throws Exception {
    var result = start("sh", "-c", text);
    assumeTrue(result.exit() == 0, "no certificates by openssl: " + result.output());
  }

  private String run(String... command) throws Exception {
    var result = start(command);
    assertThat(result.exit()).as(result.output()).isZero();
    return result.output();
  }

  private String fails(String... command) throws Exception {
    var result = start(command);
    assertThat(result.exit()).as(result.output()).isNotZero();
    return result.output();
  }

  private record Result(int exit, String output) {}

  private Result start(String... command) throws Exception {
    Process process;
    var output = directory.resolve("output");
    try {
      process =
          new ProcessBuilder(command)
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output.toFile())
              .start();
    } catch (IOException e) {
      assumeTrue(false, command[0] + " is not installed");
      throw e;
    }
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return new Result(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
  }
}
