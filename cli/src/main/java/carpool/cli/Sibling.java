package carpool.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Another launcher of the same distribution, run in our place: with our terminal, and its exit
/// code becomes ours.
public final class Sibling {

  private Sibling() {}

  /// Runs `bin/PROGRAM`; 1 with a message when there is none.
  public static int run(String program, List<String> arguments, java.io.PrintStream err)
      throws IOException, InterruptedException {
    var home = System.getProperty("carpool.home", "");
    var launcher = Path.of(home, "bin", program);
    if (home.isEmpty() || !Files.isExecutable(launcher)) {
      err.println(
          "carpool: "
              + program
              + " is not running, and its launcher is not at "
              + launcher
              + "; start the service, or use the launchers in bin/ of the distribution");
      return Exit.FAILED;
    }
    var command = new ArrayList<String>();
    command.add(launcher.toString());
    command.addAll(arguments);
    return new ProcessBuilder(command).inheritIO().start().waitFor();
  }
}
