package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/// What other supervisors than systemd get: the runit examples under the real runit, FreeBSD's rc.d
/// scripts and all other shell scripts as far as a machine without FreeBSD can tell.
class ServiceFilesIT {
  private static final List<Path> PLACES =
      List.of(
          Path.of("src/main"),
          Path.of("image/libexec"),
          Path.of("image/prometheus"),
          Path.of("lab"),
          Path.of("test"),
          Path.of("bench"),
          Path.of("image/make-base"));

  @TempDir(cleanup = CleanupMode.ON_SUCCESS)
  Path directory;

  /// What it left out: variables that are read by the file which a script includes, or the other
  /// way round.
  @Test
  void everyShellScriptIsUnderstoodAndShellcheckFindsNothing() throws Exception {
    var scripts = scripts();
    assertThat(scripts).hasSizeGreaterThan(25);
    for (var script : scripts) {
      var shell = firstLine(script).contains("bash") ? "bash" : "sh";
      assertThat(run(List.of(shell, "-n", script.toString()))).isEmpty();
    }
    assumeTrue(isHere("shellcheck"), "no shellcheck: deploy/test installs it");
    var check = new ArrayList<>(List.of("shellcheck", "-S", "warning", "-x"));
    check.add("-eSC2034,SC2154,SC1091");
    scripts.forEach(script -> check.add(script.toString()));
    assertThat(run(check)).isEmpty();
  }

  /// A reader that leaves early ends its writer with SIGPIPE; with pipefail the whole then fails,
  /// though what was looked for is there. Captured output is judged instead (`says`, `first_line`).
  @Test
  void noScriptJudgesByAPipeWhoseReaderLeavesEarly() throws Exception {
    var leaves =
        Pattern.compile(
            "\\|\\s*(grep\\s+(-\\w+\\s+)*-\\w*q|head\\b|sed\\s[^|]*\\dq\\b|sed\\s+-?n?\\s*q\\b|awk\\b[^|]*\\bexit\\b)");
    var found = new ArrayList<String>();
    var scripts = new ArrayList<>(scripts());
    try (var sourced = Files.list(Path.of("lib"))) { // by the scripts, so without a first line
      sourced.filter(file -> file.toString().endsWith(".sh")).forEach(scripts::add);
    }
    for (var script : scripts) {
      for (var line : Files.readAllLines(script, StandardCharsets.UTF_8)) {
        if (!line.stripLeading().startsWith("#") && leaves.matcher(line).find()) {
          found.add(script + ": " + line.strip());
        }
      }
    }
    assertThat(found).isEmpty();
  }

  private static List<Path> scripts() throws IOException {
    var scripts = new ArrayList<Path>();
    for (var place : PLACES) {
      try (var files = Files.walk(place)) {
        for (var file : files.filter(Files::isRegularFile).toList()) {
          if (firstLine(file).matches("#!.*\\b(ba)?sh\\b.*")) {
            scripts.add(file);
          }
        }
      }
    }
    return scripts;
  }

  private static String firstLine(Path file) throws IOException {
    try (var lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
      return lines.findFirst().orElse("");
    }
  }

  /// Started; started again when it was killed; ended in order, with exit code 0, when told to.
  @Test
  void runitKeepsTheReplicatorRunning() throws Exception {
    assumeTrue(isHere("runsv"), "no runit: deploy/test installs it");
    var pair = new LoopbackPair(directory, "");
    var service = directory.resolve("carpool-replicator");
    Files.createDirectory(service);
    for (var file : List.of("run", "finish")) {
      var here = service.resolve(file);
      var text = Files.readString(Path.of("src/main/runit/carpool-replicator", file));
      Files.writeString(
          here,
          text.replace("/opt/carpool/bin", LoopbackPair.BIN.toString())
              .replace("/etc/carpool/carpool.yaml", pair.config(1) + " --node hast1")
              .replace("exit 0", "echo \"finish $1\" >>" + directory + "/ends; exit 0"));
      assertThat(here.toFile().setExecutable(true)).isTrue();
    }
    var log = directory.resolve("log");
    var supervisor =
        new ProcessBuilder("runsv", service.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      awaitReady(log, 1);
      var _ = run(List.of("sv", "kill", service.toString()));
      awaitReady(log, 2);
      assertThat(run(List.of("sv", "-w", "30", "stop", service.toString()))).contains("ok: down");
      // -1: a signal.
      assertThat(directory.resolve("ends")).hasContent("finish -1\nfinish 0");
    } finally {
      var _ = run(List.of("sv", "exit", service.toString()));
      assertThat(supervisor.waitFor(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static void awaitReady(Path log, int times) throws Exception {
    Lab.await(
        "replicator that is ready for the time number " + times,
        Duration.ofMinutes(1),
        () -> read(log).lines().filter(line -> line.contains("ready:")).count() == times,
        () -> read(log));
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static boolean isHere(String program) {
    try {
      return run(List.of("sh", "-c", "command -v " + program)).contains(program);
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static String run(List<String> command) throws IOException, InterruptedException {
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    return output;
  }
}
