package carpool.cli;

import carpool.kit.config.ConfigException;
import carpool.kit.config.ConfigLoader;
import carpool.kit.config.HostIdentity;
import carpool.kit.config.LocalInterfaces;
import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import picocli.CommandLine.Command;

/// `carpool config …`.
@Command(
    name = "config",
    description = "The configuration files.",
    synopsisSubcommandLabel = "COMMAND",
    subcommands = ConfigCommand.Check.class)
final class ConfigCommand extends GroupCommand {

  /// `carpool config check`.
  @Command(
      name = "check",
      description =
          "Checks carpool.yaml and hast.conf without starting anything, and the interfaces and"
              + " subnets they name against this machine.")
  static final class Check extends NodeCommand {

    @Override
    int run(Services services) {
      try {
        var machine = HostIdentity.ofThisMachine();
        var host = root().node().map(HostIdentity::named).orElse(machine);
        boolean here = root().node().isEmpty() || machine.matches(root().node().get());
        var loaded =
            here
                ? ConfigLoader.check(root().config(), host, LocalInterfaces.ofThisMachine())
                : ConfigLoader.load(root().config(), host);
        var config = loaded.config();
        if (json()) {
          console()
              .json(
                  Struct.newBuilder()
                      .putFields("good", bool(true))
                      .putFields("node", string(loaded.node().value()))
                      .putFields("cluster", string(config.cluster()))
                      .putFields("digest", string(loaded.digest())));
        } else {
          out()
              .println(
                  "good: node %s of cluster %s: %d resource(s), %d election group(s), %d pool(s), %d hook(s)"
                      .formatted(
                          loaded.node(),
                          config.cluster(),
                          loaded.hast().resources().size(),
                          config.election().size(),
                          config.pools().size(),
                          config.hooks().size()));
          if (!here) {
            out().println("not compared with the interfaces here: this is not " + loaded.node());
          }
          out().println("digest (equal on both nodes): " + loaded.digest());
        }
        return Exit.DONE;
      } catch (ConfigException e) {
        if (json()) {
          console().json(problems(e));
        } else {
          e.problems().forEach(console().err()::println);
          console().err().println("carpool: " + e.problems().size() + " problem(s)");
        }
        return Exit.USAGE;
      }
    }

    private static Struct problems(ConfigException failure) {
      var list = ListValue.newBuilder();
      for (var problem : failure.problems()) {
        list.addValues(
            Value.newBuilder()
                .setStructValue(
                    Struct.newBuilder()
                        .putFields("file", string(problem.file()))
                        .putFields("line", number(problem.line()))
                        .putFields("column", number(problem.column()))
                        .putFields("found", string(problem.found()))
                        .putFields("allowed", string(problem.allowed()))));
      }
      return Struct.newBuilder()
          .putFields("good", bool(false))
          .putFields("problems", Value.newBuilder().setListValue(list).build())
          .build();
    }

    private static Value bool(boolean value) {
      return Value.newBuilder().setBoolValue(value).build();
    }

    private static Value string(String value) {
      return Value.newBuilder().setStringValue(value).build();
    }

    private static Value number(int value) {
      return Value.newBuilder().setNumberValue(value).build();
    }
  }
}
