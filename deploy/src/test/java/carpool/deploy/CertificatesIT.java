package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The certificates that `carpool-certs` makes, by the checks of other people's program: what
/// replicators do with such certificates is in TlsPairTest.
class CertificatesIT {
  private static final Path SCRIPT = Path.of("target/carpool/bin/carpool-certs").toAbsolutePath();

  @TempDir Path directory;

  @Test
  void everyNodeGetsACertificateOfTheAuthorityForBothDirections() throws Exception {
    assertThat(run(SCRIPT.toString(), directory.toString(), "hast1", "hast2")).isZero();

    for (var node : new String[] {"hast1", "hast2"}) {
      for (var purpose : new String[] {"sslserver", "sslclient"}) {
        assertThat(verify(node, purpose)).as("%s as %s", node, purpose).isZero();
      }
      assertThat(Files.readString(directory.resolve(node + ".key")))
          .startsWith("-----BEGIN PRIVATE KEY-----");
      assertThat(Files.getPosixFilePermissions(directory.resolve(node + ".key"))).hasSize(2);
    }
    assertThat(verify("hast1", "sslserver", "-verify_hostname", "hast2")).isNotZero();
  }

  @Test
  void whatIsThereIsKeptWhenANodeIsAdded() throws Exception {
    assertThat(run(SCRIPT.toString(), directory.toString(), "hast1")).isZero();
    var authority = Files.readString(directory.resolve("ca.pem"));
    var first = Files.readString(directory.resolve("hast1.pem"));

    assertThat(run(SCRIPT.toString(), directory.toString(), "hast1", "hast3")).isZero();

    assertThat(directory.resolve("ca.pem")).hasContent(authority);
    assertThat(directory.resolve("hast1.pem")).hasContent(first);
    assertThat(verify("hast3", "sslclient")).isZero();
    assertThat(run(SCRIPT.toString())).isEqualTo(2);
  }

  private int verify(String node, String purpose, String... more) throws Exception {
    var command = new java.util.ArrayList<String>();
    command.add("openssl");
    command.add("verify");
    command.add("-purpose");
    command.add(purpose);
    command.addAll(java.util.List.of(more));
    command.add("-CAfile");
    command.add(directory.resolve("ca.pem").toString());
    command.add(directory.resolve(node + ".pem").toString());
    return run(command.toArray(String[]::new));
  }

  private static int run(String... command) throws Exception {
    var process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return process.exitValue();
  }
}
