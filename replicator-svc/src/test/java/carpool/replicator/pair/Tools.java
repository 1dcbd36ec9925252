package carpool.replicator.pair;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import carpool.kit.testing.ForeignTools;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Programs that use the device as anybody would; a test without them is skipped.
final class Tools {
  private Tools() {}

  /// Runs it to its end, which must be a good one; returns what it wrote.
  static String run(String tool, String... args) throws Exception {
    var process = start(tool, args);
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), tool + " does not end");
    assertEquals(0, process.exitValue(), tool + " " + List.of(args) + "\n" + output);
    return output;
  }

  /// Runs it to its end, which must be a bad one; returns what it wrote.
  static String fails(String tool, String... args) throws Exception {
    var process = start(tool, args);
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS), tool + " does not end");
    assertTrue(process.exitValue() != 0, tool + " " + List.of(args) + "\n" + output);
    return output;
  }

  static Process start(String tool, String... args) throws Exception {
    var path = ForeignTools.find(tool);
    assumeTrue(path.isPresent(), tool + " is not installed");
    var command = new ArrayList<>(List.of(path.get().toString()));
    command.addAll(List.of(args));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }
}
