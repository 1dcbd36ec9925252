package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/// Every command of docs/grpcurl.md, in the page's order, by a reflecting client that is not ours,
/// against the three services of one node and the replicator of another.
class DocumentedCallsIT {
  private static final Path PAGE = Path.of("../docs/grpcurl.md");
  private static final Path BUF = Path.of("target/tools/node_modules/.bin/buf").toAbsolutePath();
  private static final Pattern BLOCK =
      Pattern.compile("^```sh\n(.*?)^```", Pattern.MULTILINE | Pattern.DOTALL);
  private static final Pattern DEFINITION = Pattern.compile("[A-Z]=.*");

  /// CARP on an interface on which nobody listens; without the right to raw sockets it says so and
  /// answers all the same.
  private static final String ELECTION =
      """
      election:
        - { name: storage, interface: lo, vhid: 199, password: secret, addresses: [127.199.0.1/32] }
      """;

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path directory;

  @Test
  void everyCommandOfThePageDoesWhatItSays() throws Exception {
    assumeTrue(Files.isExecutable(BUF), "no buf: deploy/test installs it");
    try (var pair = new LoopbackPair(directory, ELECTION)) {
      create(pair, 1);
      create(pair, 2);
      for (var service : List.of("replicator", "election", "orchestrator")) {
        var _ = pair.start(service, 1);
      }
      var _ = pair.start("replicator", 2);
      var page =
          Files.readString(PAGE)
              .replace("/run/carpool/", pair.home(1).resolve("run") + "/")
              .replace("10.0.0.1:8457", pair.peerAddress(1))
              .replace("buf curl", BUF + " curl");

      var ran = new ArrayList<String>();
      var definitions = new StringBuilder();
      for (var command : commands(page, definitions)) {
        ran.add(command);
        if (command.contains("$R/Sync ")) {
          awaitPeer(definitions.toString());
        }
        run(definitions.toString(), command);
      }

      assertThat(ran).hasSizeGreaterThan(15);
      System.out.println(ran.size() + " commands of docs/grpcurl.md were run");
    }
  }

  private static void create(LoopbackPair pair, int node) throws Exception {
    var builder =
        new ProcessBuilder(
            LoopbackPair.BIN.resolve("carpool").toString(), "create", "disk1", "disk2", "disk3");
    builder.environment().put("CARPOOL_NODE", "hast" + node);
    builder.environment().put("CARPOOL_CONFIG", pair.config(node).toString());
    assertThat(builder.inheritIO().start().waitFor()).isZero();
  }

  /// The lines of all blocks but grpcurl's own; what only defines something goes to `definitions`.
  private static List<String> commands(String page, StringBuilder definitions) {
    var commands = new ArrayList<String>();
    var blocks = BLOCK.matcher(page);
    while (blocks.find()) {
      var block = blocks.group(1);
      if (block.startsWith("call()")) {
        definitions.append(block);
        continue;
      }
      for (var line : block.replace("\\\n", " ").lines().toList()) {
        if (DEFINITION.matcher(line).matches()) {
          definitions.append(line).append('\n');
        } else if (!line.startsWith("grpcurl")) {
          commands.add(line);
        }
      }
    }
    return commands;
  }

  /// A comparison needs the peer, and the page's reader is slower than this test.
  private void awaitPeer(String definitions) throws InterruptedException {
    var ask = "call replicator -d '{\"resources\":[\"disk1\"]}' $R/GetStatus";
    var answer = new AtomicReference<>("");
    Lab.await(
        "disk1 connected to its peer",
        Duration.ofSeconds(30),
        () -> {
          answer.set(ask(definitions + ask));
          return answer.get().contains("LINK_STATE_CONNECTED");
        },
        answer::get);
  }

  private static String ask(String script) {
    try {
      var process = new ProcessBuilder("bash", "-c", script).redirectErrorStream(true).start();
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// A watch has no end; it has to have told something.
  private void run(String definitions, String command) throws Exception {
    var out = Files.createTempFile(directory, "out", "");
    var process =
        new ProcessBuilder("bash", "-c", definitions + command)
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    if (command.contains("Watch")) {
      Lab.await(
          "answer of " + command,
          Duration.ofSeconds(30),
          () -> read(out).contains("}"),
          () -> read(out));
      answered(command, out);
      process.descendants().forEach(ProcessHandle::destroy);
      process.destroy();
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).as(command).isTrue();
    } else {
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).as(command).isTrue();
      assertThat(process.exitValue()).as("%s%n%s", command, read(out)).isZero();
      answered(command, out);
    }
  }

  private static void answered(String command, Path out) {
    assertThat(read(out)).as(command).isNotBlank().doesNotContain("\"error\"", "\"code\"");
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
