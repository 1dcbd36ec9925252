package carpool.cli;

import carpool.cli.hastctl.Hastctl;
import java.util.Objects;
import picocli.CommandLine;

/// Entry of the launchers `carpool` and `hastctl`; the property `carpool.invoked-as` says which.
public final class Main {

  private Main() {}

  /// Runs one command and ends the JVM with its exit code.
  public static void main(String[] args) {
    int code;
    if (Objects.equals(System.getProperty("carpool.invoked-as"), "hastctl")) {
      code = Hastctl.fromEnvironment(System.out, System.err).run(args);
    } else if (args.length == 1 && args[0].equals("--version")) {
      // What people type to see whether it is there: no need to build the whole command line.
      System.out.println(Carpool.VersionText.LINE);
      code = Exit.DONE;
    } else {
      code = commandLine(new Carpool()).execute(args);
    }
    System.out.flush();
    // Not System.exit: an I/O thread of gRPC must not keep the operator waiting.
    Runtime.getRuntime().halt(code);
  }

  static CommandLine commandLine(Carpool carpool) {
    var line = new CommandLine(carpool);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setUsageHelpAutoWidth(true);
    line.setExecutionExceptionHandler((failure, _, _) -> carpool.console().fail(failure));
    line.setOut(
        new java.io.PrintWriter(
            carpool.console().out(), true, java.nio.charset.StandardCharsets.UTF_8));
    line.setErr(
        new java.io.PrintWriter(
            carpool.console().err(), true, java.nio.charset.StandardCharsets.UTF_8));
    return line;
  }
}
