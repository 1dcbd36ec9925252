package carpool.replicator.pair;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A certificate authority and what it signs, made by the JDK's keytool.
final class TestAuthority {
  private static final char[] PASSWORD = "changeit".toCharArray();

  private final Path directory;
  private final Path store;
  private int lastNumber;

  /// Its certificate is `ca.pem` in `directory`.
  TestAuthority(Path directory) throws Exception {
    this.directory = Files.createDirectories(directory);
    store = directory.resolve("authority.p12");
    generate("ca", "CN=test authority", "-ext", "bc=ca:true", "-validity", "2");
    write("ca", "ca.pem", "ca.key");
  }

  Path ca() {
    return directory.resolve("ca.pem");
  }

  /// `tls:` of carpool.yaml with a new certificate for `name`.
  String certificate(String name) throws Exception {
    return sign(name, "-validity", "2");
  }

  /// As [#certificate], but it has expired five days ago.
  String expired(String name) throws Exception {
    return sign(name, "-startdate", "-10d", "-validity", "5");
  }

  private String sign(String name, String... dates) throws Exception {
    var alias = name + "-" + ++lastNumber;
    var args = new ArrayList<>(List.of("-signer", "ca", "-ext", "san=dns:" + name));
    args.addAll(List.of(dates));
    generate(alias, "CN=" + name, args.toArray(new String[0]));
    write(alias, alias + ".pem", alias + ".key");
    return "tls: { ca: %s, certificate: %s, key: %s }\n"
        .formatted(ca(), directory.resolve(alias + ".pem"), directory.resolve(alias + ".key"));
  }

  private void generate(String alias, String name, String... more) throws Exception {
    var command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                alias,
                "-keyalg",
                "EC",
                "-dname",
                name,
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                new String(PASSWORD)));
    command.addAll(List.of(more));
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var output = new ByteArrayOutputStream();
    process.getInputStream().transferTo(output);
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException("keytool failed: " + output);
    }
  }

  private void write(String alias, String certificate, String key) throws Exception {
    var keys = KeyStore.getInstance("PKCS12");
    try (var in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD);
    }
    Files.writeString(
        directory.resolve(certificate),
        pem("CERTIFICATE", keys.getCertificate(alias).getEncoded()));
    Files.writeString(
        directory.resolve(key), pem("PRIVATE KEY", keys.getKey(alias, PASSWORD).getEncoded()));
  }

  private static String pem(String kind, byte[] der) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(kind, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der), kind);
  }
}
