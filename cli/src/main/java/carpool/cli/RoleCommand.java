package carpool.cli;

import carpool.cli.output.Words;
import carpool.replicator.v1.Role;
import carpool.replicator.v1.SetRoleRequest;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `carpool role`.
@Command(name = "role", description = "Changes the role of resources; waits until it is in force.")
final class RoleCommand extends NodeCommand {
  /// HAST's roles.
  enum Word {
    INIT(Role.ROLE_INIT),
    PRIMARY(Role.ROLE_PRIMARY),
    SECONDARY(Role.ROLE_SECONDARY);

    private final Role role;

    Word(Role role) {
      this.role = role;
    }
  }

  @Parameters(index = "0", paramLabel = "init|primary|secondary", description = "the new role")
  private Word word = Word.INIT;

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "all|RESOURCE",
      description = "names, or all")
  private List<String> names = new ArrayList<>();

  @Option(names = "--force", description = "promote although the checks refuse; says what it risks")
  private boolean force;

  @Option(names = "--together", description = "all or nothing")
  private boolean together;

  @Override
  int run(Services services) {
    var answer =
        services
            .replicator()
            .setRole(
                SetRoleRequest.newBuilder()
                    .addAllResources(ResourceNames.of(names))
                    .setRole(word.role)
                    .setForce(force)
                    .setTogether(together)
                    .setCause("operator")
                    .build());
    if (json()) {
      console().json(answer);
    }
    var done = true;
    for (var result : answer.getResultsList()) {
      if (!accepted(
          result.getResource(), result.getMessage(), result.hasError(), result.getError())) {
        done = false;
      } else if (!json()) {
        out()
            .println(
                result.getResource()
                    + ": "
                    + Words.of(result.getPrevious())
                    + " -> "
                    + Words.of(result.getNow()));
      }
    }
    return done ? Exit.DONE : Exit.FAILED;
  }
}
