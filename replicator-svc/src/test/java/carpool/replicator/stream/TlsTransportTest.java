package carpool.replicator.stream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import carpool.replicator.stream.TlsTransport.Farewell;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The one TLS driver over both kinds of sockets, against itself; against GnuTLS it is tested with
/// the NBD server, between two processes with the pair.
@Timeout(value = 30, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class TlsTransportTest {
  private static final char[] PASSWORD = "changeit".toCharArray();
  private static final int BYTES = 3 << 20;

  @TempDir private static Path directory;

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private SocketChannel near;
  private SocketChannel far;

  @BeforeAll
  static void makeKeys() throws Exception {
    for (var name : new String[] {"one", "other"}) {
      var made =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                  "-genkeypair",
                  "-alias",
                  "key",
                  "-keyalg",
                  "EC",
                  "-dname",
                  "CN=" + name,
                  "-validity",
                  "2",
                  "-storetype",
                  "PKCS12",
                  "-storepass",
                  "changeit",
                  "-keystore",
                  directory.resolve(name + ".p12").toString())
              .redirectErrorStream(true)
              .start();
      assertEquals(
          0,
          made.waitFor(),
          new String(made.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  @BeforeEach
  void connect() throws IOException {
    try (var listener = ServerSocketChannel.open()) {
      listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      near = SocketChannel.open(listener.getLocalAddress());
      far = listener.accept();
    }
  }

  @AfterEach
  void close() throws IOException {
    near.close();
    far.close();
    threads.shutdownNow();
  }

  @ParameterizedTest
  @CsvSource({"true, true, 8", "true, false, 1", "false, true, 4", "false, false, 4"})
  void bothDirectionsAtOnceCarryEveryByteInOrder(boolean nearWaits, boolean farWaits, int records)
      throws Exception {
    var client = transport(near, nearWaits, "one", "one", true, records);
    var server = transport(far, farWaits, "one", "one", false, 8);
    var shaken = threads.submit(() -> shake(server));
    client.handshake(5_000);
    shaken.get();

    var there = random(1);
    var back = random(2);
    var sends = threads.submit(() -> send(client, there, 3));
    var answers = threads.submit(() -> send(server, back, 4));
    Callable<byte[]> received = () -> receive(server, 5);
    var arrived = threads.submit(received);

    assertArrayEquals(back, receive(client, 6));
    assertArrayEquals(there, arrived.get());
    sends.get();
    answers.get();
    assertTrue(client.session().getProtocol().startsWith("TLSv1."), client.session().getProtocol());
  }

  @Test
  void aCertificateThatIsNotTrustedIsRefusedAndBothSidesKnow() throws Exception {
    var client = transport(near, true, "one", "other", true, 8);
    var server = transport(far, true, "one", "one", false, 8);
    Future<?> shaken =
        threads.submit(() -> {
          shake(server);
          server.receive(ByteBuffer.allocate(1), 0); // TLS 1.3: refused after the last flight
          return null;
        });

    assertThrows(SSLException.class, () -> client.handshake(5_000));

    var told = assertThrows(ExecutionException.class, () -> shaken.get(10, TimeUnit.SECONDS));
    assertTrue(told.getCause() instanceof SSLException, () -> String.valueOf(told.getCause()));
  }

  @Test
  void aReceiverThatWaitsInVainIsToldSoAndWhatWasHeldBackIsKnown() throws Exception {
    var client = transport(near, false, "one", "one", true, 4);
    var server = transport(far, false, "one", "one", false, 4);
    var shaken = threads.submit(() -> shake(server));
    client.handshake(5_000);
    shaken.get();
    send(server, new byte[10], 1);
    var five = ByteBuffer.allocate(5);
    while (five.hasRemaining()) {
      assertTrue(client.receive(five, 5_000) >= 0);
    }

    assertTrue(client.holdsMore());
    assertEquals(5, client.receive(ByteBuffer.allocate(100), 5_000));
    assertFalse(client.holdsMore());
    assertEquals(0, client.receive(ByteBuffer.allocate(100), 1));

    server.close();
    assertEquals(-1, client.receive(ByteBuffer.allocate(100), 5_000));
  }

  private static Void shake(TlsTransport transport) throws IOException {
    transport.handshake(5_000);
    return null;
  }

  private static TlsTransport transport(
      SocketChannel channel, boolean waits, String key, String trusted, boolean client, int records)
      throws Exception {
    var plain = waits ? new BlockingTransport(channel) : new SocketTransport(channel);
    var keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store(key), PASSWORD);
    var trust = KeyStore.getInstance("PKCS12");
    trust.load(null, null);
    trust.setCertificateEntry("peer", store(trusted).getCertificate("key"));
    var trusts = TrustManagerFactory.getInstance("PKIX");
    trusts.init(trust);
    var context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trusts.getTrustManagers(), null);
    var engine = context.createSSLEngine();
    engine.setUseClientMode(client);
    if (!client) {
      engine.setNeedClientAuth(true);
    }
    return new TlsTransport(plain, engine, records, Farewell.CLOSE_NOTIFY);
  }

  private static KeyStore store(String name) throws Exception {
    var keys = KeyStore.getInstance("PKCS12");
    try (var in = Files.newInputStream(directory.resolve(name + ".p12"))) {
      keys.load(in, PASSWORD);
    }
    return keys;
  }

  private static byte[] random(long seed) {
    var bytes = new byte[BYTES];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /// In gather lists of a few buffers of any length, as frames are.
  private static Void send(Transport transport, byte[] bytes, long seed) throws IOException {
    var random = new Random(seed);
    int sent = 0;
    while (sent < bytes.length) {
      var buffers = new ByteBuffer[1 + random.nextInt(4)];
      for (int i = 0; i < buffers.length; i++) {
        int length =
            Math.min(random.nextInt(random.nextInt(100) < 50 ? 64 : 100_000), bytes.length - sent);
        buffers[i] = ByteBuffer.wrap(bytes, sent, length);
        sent += length;
      }
      int count = buffers.length;
      while (!transport.sendNow(buffers, 0, count)) {
        assertTrue(transport.awaitWritable(10_000));
      }
    }
    return null;
  }

  private static byte[] receive(Transport transport, long seed) throws IOException {
    var random = new Random(seed);
    var bytes = ByteBuffer.allocate(BYTES);
    while (bytes.hasRemaining()) {
      int wanted = random.nextInt(100) < 50 ? 1 + random.nextInt(64) : 1 + random.nextInt(200_000);
      bytes.limit(Math.min(BYTES, bytes.position() + wanted));
      assertTrue(transport.receive(bytes, 0) >= 0, "the stream ended");
      bytes.limit(BYTES);
    }
    return bytes.array();
  }
}
