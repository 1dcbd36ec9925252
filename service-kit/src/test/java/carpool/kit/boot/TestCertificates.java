package carpool.kit.boot;

import carpool.kit.config.CarpoolConfig.TlsFiles;
import io.grpc.ManagedChannel;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A self-signed certificate for loopback, made by the JDK's keytool; its own authority.
public final class TestCertificates {
  private static final char[] PASSWORD = "changeit".toCharArray();

  private TestCertificates() {}

  /// Makes them in `directory`, for loopback.
  public static TlsFiles make(Path directory) throws Exception {
    return make(directory, "dns:localhost,ip:127.0.0.1");
  }

  /// Makes them in `directory`.
  ///
  /// @param names as keytool wants them
  public static TlsFiles make(Path directory, String names) throws Exception {
    var store = directory.resolve("test.p12");
    var keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
    var process =
        new ProcessBuilder(
                List.of(
                    keytool,
                    "-genkeypair",
                    "-alias",
                    "node",
                    "-keyalg",
                    "EC",
                    "-dname",
                    "CN=localhost",
                    "-ext",
                    "san=" + names,
                    "-ext",
                    "bc=ca:true",
                    "-validity",
                    "2",
                    "-storetype",
                    "PKCS12",
                    "-keystore",
                    store.toString(),
                    "-storepass",
                    new String(PASSWORD)))
            .redirectErrorStream(true)
            .start();
    var output = new ByteArrayOutputStream();
    process.getInputStream().transferTo(output);
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException("keytool failed: " + output);
    }
    var keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD);
    }
    var certificate = directory.resolve("node.pem");
    Files.writeString(certificate, pem("CERTIFICATE", keys.getCertificate("node").getEncoded()));
    var key = directory.resolve("node.key");
    Files.writeString(key, pem("PRIVATE KEY", keys.getKey("node", PASSWORD).getEncoded()));
    return new TlsFiles(certificate, certificate, key);
  }

  /// A client that trusts the server but has no certificate of its own.
  static ManagedChannel withoutOwn(InetSocketAddress address, Path ca) throws IOException {
    return NettyChannelBuilder.forAddress(address)
        .sslContext(GrpcSslContexts.forClient().trustManager(ca.toFile()).build())
        .build();
  }

  private static String pem(String kind, byte[] der) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(kind, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der), kind);
  }
}
