package carpool.cli;

import carpool.cli.output.Paint;
import carpool.common.v1.ErrorDetail;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// A command that asks services of this node. The result of [#run(Services)] is the exit code.
abstract class NodeCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  abstract int run(Services services) throws Exception;

  @Override
  public final Integer call() throws Exception {
    // A wrong --timeout is told before anything is asked.
    var _ = root().timeout();
    try (var services = new Services(root())) {
      return run(services);
    }
  }

  Carpool root() {
    return (Carpool) spec.root().userObject();
  }

  CommandSpec spec() {
    return spec;
  }

  boolean json() {
    return root().json();
  }

  Console console() {
    return root().console();
  }

  PrintStream out() {
    return console().out();
  }

  Paint paint() {
    return console().paint();
  }

  /// Tells a refusal inside an answer; true when there was none.
  boolean accepted(String subject, String message, boolean hasError, ErrorDetail error) {
    if (!hasError || error.getReason().isEmpty()) {
      return true;
    }
    console().refused(subject, message, error);
    return false;
  }
}
