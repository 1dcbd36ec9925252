package carpool.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `carpool completion`.
@Command(
    name = "completion",
    description = "Prints a completion script: . <(carpool completion)   (bash, zsh)")
final class CompletionCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    var carpool = (Carpool) spec.root().userObject();
    carpool.console().out().print(AutoComplete.bash("carpool", spec.root().commandLine()));
    return Exit.DONE;
  }
}
