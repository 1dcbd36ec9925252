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
  ///
  /// @param more further names or addresses, as keytool wants them
  String certificate(String name, String... more) throws Exception {
    return yaml(sign(name, List.of(more), "-validity", "2"));
  }

  /// A directory with a client's certificate under the names that libnbd's tools want; by openssl,
  /// because GnuTLS does not read the JDK's keys.
  Path forTools(String name) throws Exception {
    var tools = Files.createDirectories(directory.resolve("tools-" + name));
    Files.copy(ca(), tools.resolve("ca-cert.pem"));
    run(
        "sh",
        "-ec",
        """
        cd "$1"
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$2" \\
          -keyout client-key.pem -out client.csr
        openssl x509 -req -days 2 -in client.csr -CA ../ca.pem -CAkey ../ca.key -CAcreateserial \\
          -out client-cert.pem
        """,
        "sh",
        tools.toString(),
        name);
    return tools;
  }

  /// As [#certificate], but it has expired five days ago.
  String expired(String name) throws Exception {
    return yaml(sign(name, List.of(), "-startdate", "-10d", "-validity", "5"));
  }

  /// Returns the alias, which is the name of the two files.
  private String sign(String name, List<String> more, String... dates) throws Exception {
    var alias = name + "-" + ++lastNumber;
    var names = new ArrayList<>(List.of("dns:" + name));
    names.addAll(more);
    var args = new ArrayList<>(List.of("-signer", "ca", "-ext", "san=" + String.join(",", names)));
    args.addAll(List.of(dates));
    generate(alias, "CN=" + name, args.toArray(new String[0]));
    write(alias, alias + ".pem", alias + ".key");
    return alias;
  }

  private String yaml(String alias) {
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
    run(command.toArray(new String[0]));
  }

  private static void run(String... command) throws Exception {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var output = new ByteArrayOutputStream();
    process.getInputStream().transferTo(output);
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException(command[0] + " failed: " + output);
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
