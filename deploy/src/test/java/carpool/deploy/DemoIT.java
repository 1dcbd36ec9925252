package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/// What a new user tries first, again and again (`-Dcarpool.demos=10`; not in the build, where the
/// same scenarios have tests of their own): `deploy/lab demo` passes every time.
@Tag("e2e")
@EnabledIfSystemProperty(named = "carpool.demos", matches = "[1-9][0-9]*")
class DemoIT {
  private static final long LIMIT_MINUTES = 15;
  private static final Pattern PASSED = Pattern.compile("(?m)^([0-9]+) passed, 0 failed\\.");

  @TempDir Path directory;

  @Test
  void demoOfTheLabPassesEveryTime() throws Exception {
    int demos = Integer.getInteger("carpool.demos", 1);
    var last = new ArrayList<String>();
    try {
      for (int demo = 1; demo <= demos; demo++) {
        var output = lab("demo");
        assertThat(output).as("demo %d", demo).containsPattern(PASSED);
        last.add(output.lines().toList().getLast());
        System.out.println("demo " + demo + ": " + last.getLast());
      }
    } finally {
      lab("down");
    }
    assertThat(last).hasSize(demos);
  }

  /// Output of `deploy/lab COMMAND`, which has to end in time; failed steps are for the caller.
  private String lab(String command) throws Exception {
    var out = directory.resolve(command);
    var process =
        new ProcessBuilder("./lab", command)
            .redirectErrorStream(true)
            .redirectOutput(out.toFile())
            .start();
    if (!process.waitFor(LIMIT_MINUTES, TimeUnit.MINUTES)) {
      process.destroy();
    }
    return Files.readString(out);
  }
}
