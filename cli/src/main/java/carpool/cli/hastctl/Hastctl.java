package carpool.cli.hastctl;

import carpool.cli.Sibling;
import carpool.cli.output.HastctlForm;
import carpool.kit.config.ConfigException;
import carpool.kit.config.ConfigLoader;
import carpool.kit.config.HastConfig;
import carpool.kit.config.HastConfigReader;
import carpool.kit.config.HastResource;
import carpool.kit.config.HostIdentity;
import carpool.kit.grpc.Channels;
import carpool.kit.grpc.ServiceError;
import carpool.replicator.v1.GetStatusRequest;
import carpool.replicator.v1.GetStatusResponse;
import carpool.replicator.v1.ReplicatorGrpc;
import carpool.replicator.v1.Role;
import carpool.replicator.v1.SetRoleRequest;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// hastctl(8): command line, output and exit codes of FreeBSD's sbin/hastctl/hastctl.c, spoken to
/// carpool-replicator. `create` and `dump` work on the local disk, so they are handed to the
/// replicator's launcher. Where the original gives only a number, the reason follows on standard
/// error.
public final class Hastctl {
  private static final long ANSWER_DEADLINE_SECONDS = 120;

  private final Path socket;
  private final Optional<String> node;
  private final Path carpoolYaml;
  private final PrintStream out;
  private final PrintStream err;

  Hastctl(Path socket, Optional<String> node, Path carpoolYaml, PrintStream out, PrintStream err) {
    this.socket = socket;
    this.node = node;
    this.carpoolYaml = carpoolYaml;
    this.out = out;
    this.err = err;
  }

  /// Finds the socket as `carpool` does: CARPOOL_SOCKET_DIR, else the configuration's runtime-dir.
  public static Hastctl fromEnvironment(PrintStream out, PrintStream err) {
    var node = environment("CARPOOL_NODE");
    var yaml = Path.of(environment("CARPOOL_CONFIG").orElse("/etc/carpool/carpool.yaml"));
    var directory =
        environment("CARPOOL_SOCKET_DIR")
            .map(Path::of)
            .or(() -> ConfigLoader.runtimeDirectory(yaml, node))
            .orElse(Path.of("/run/carpool"));
    return new Hastctl(directory.resolve("replicator.sock"), node, yaml, out, err);
  }

  /// Runs one command; the exit code.
  public int run(String[] words) {
    HastctlArguments arguments;
    try {
      arguments = HastctlArguments.parse(words);
    } catch (HastctlArguments.UsageException e) {
      e.print(err);
      return HastctlUsage.USAGE;
    }
    HastConfig config;
    try {
      config =
          HastConfigReader.read(
              arguments.config().toString(),
              Files.readString(arguments.config()),
              node.map(HostIdentity::named).orElseGet(HostIdentity::ofThisMachine));
    } catch (IOException e) {
      error("Unable to open configuration file " + arguments.config() + ": " + text(e) + ".");
      return HastctlUsage.NO_CONFIGURATION;
    } catch (ConfigException e) {
      e.problems().forEach(p -> error(p.toString()));
      return HastctlUsage.WRONG_CONFIGURATION;
    }
    return switch (arguments.command()) {
      case "create", "dump" -> offline(arguments, config);
      default -> online(arguments, config);
    };
  }

  private int online(HastctlArguments arguments, HastConfig config) {
    if (!Files.exists(socket)) {
      return notConnected();
    }
    var channel = Channels.unix(socket, "hastctl as " + System.getProperty("user.name", "root"));
    try {
      return arguments.command().equals("role")
          ? role(channel, arguments, config)
          : show(channel, arguments, config);
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() == Status.Code.UNAVAILABLE) {
        return notConnected();
      }
      if (e.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED) {
        error("cannot receive reply from hastd via " + socket + ".");
        return HastctlUsage.NO_ANSWER;
      }
      error("Error " + HastCode.of(ServiceError.detailOf(e)) + " received from hastd.");
      err.println("  " + e.getStatus().getDescription());
      return HastctlUsage.REFUSED;
    } finally {
      channel.shutdownNow();
    }
  }

  private int role(ManagedChannel channel, HastctlArguments arguments, HastConfig config) {
    var names = arguments.operands().subList(1, arguments.operands().size());
    var wanted = names.getFirst().equals("all") ? configured(config) : names;
    var answer =
        stub(channel)
            .setRole(
                SetRoleRequest.newBuilder()
                    .addAllResources(wanted)
                    .setRole(
                        Role.valueOf(
                            "ROLE_" + arguments.operands().getFirst().toUpperCase(Locale.ROOT)))
                    .setCause("hastctl")
                    .build());
    var code = 0;
    for (var result : answer.getResultsList()) {
      if (result.hasError() && !result.getError().getReason().isEmpty()) {
        err.println(
            "[WARNING] ["
                + result.getResource()
                + "] Received error "
                + HastCode.of(Optional.of(result.getError()))
                + " from hastd.");
        err.println("  " + result.getMessage());
        if (!result.getError().getHint().isEmpty()) {
          err.println("  what to do: " + forHastctl(result.getError().getHint()));
        }
        code = 1;
      }
    }
    return code;
  }

  /// hastctl's own command, where it has the one that the hint names.
  private static String forHastctl(String hint) {
    return hint.replace("carpool create ", "hastctl create ")
        .replace("hastctl create --force", "carpool create --force");
  }

  private int show(ManagedChannel channel, HastctlArguments arguments, HastConfig config) {
    var names = arguments.all() ? configured(config) : arguments.operands();
    var answer =
        stub(channel).getStatus(GetStatusRequest.newBuilder().addAllResources(names).build());
    out.print(rendered(arguments.command(), names, answer));
    return answer.getUnknownCount() == 0 ? 0 : 1;
  }

  /// The output of `status` or `list` for these names, in their order.
  static String rendered(String command, List<String> names, GetStatusResponse answer) {
    var text = new StringBuilder();
    var table = command.equals("status");
    if (table && !names.isEmpty()) {
      text.append(HastctlForm.STATUS_HEADER);
    }
    for (var name : names) {
      var found =
          answer.getResourcesList().stream().filter(r -> r.getName().equals(name)).findFirst();
      if (table) {
        text.append(
            found
                .map(HastctlForm::statusRow)
                .orElseGet(() -> HastctlForm.statusError(name, HastCode.NO_SUCH_RESOURCE)));
      } else {
        text.append(
            found
                .map(HastctlForm::list)
                .orElseGet(() -> HastctlForm.listError(name, HastCode.NO_SUCH_RESOURCE)));
      }
    }
    return text.toString();
  }

  private int offline(HastctlArguments arguments, HastConfig config) {
    var dumpAll =
        arguments.command().equals("dump")
            && (arguments.operands().isEmpty() || arguments.operands().equals(List.of("all")));
    var names = dumpAll ? configured(config) : arguments.operands();
    var code = 0;
    var known = new ArrayList<String>();
    for (var name : names) {
      if (config.resource(name).isPresent()) {
        known.add(name);
      } else {
        error("Unknown resource " + name + ".");
        code = HastctlUsage.UNKNOWN_RESOURCE;
      }
    }
    if (known.isEmpty()) {
      return code;
    }
    var command = new ArrayList<>(List.of(arguments.command(), "--hastctl"));
    command.addAll(List.of("--hast-conf", arguments.config().toString()));
    command.addAll(List.of("--config", carpoolYaml.toString()));
    node.ifPresent(n -> command.addAll(List.of("--node", n)));
    arguments.extentSize().ifPresent(v -> command.addAll(List.of("-e", v)));
    arguments.keepdirty().ifPresent(v -> command.addAll(List.of("-k", v)));
    arguments.mediaSize().ifPresent(v -> command.addAll(List.of("-m", v)));
    command.addAll(known);
    try {
      out.flush();
      var result = Sibling.run("carpool-replicator", command, err);
      return code != 0 ? code : result;
    } catch (IOException e) {
      error("cannot start carpool-replicator: " + text(e) + ".");
      return HastctlUsage.NOT_CONNECTED;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return HastctlUsage.NO_ANSWER;
    }
  }

  private int notConnected() {
    error("Unable to connect to hastd via " + socket + ".");
    err.println(
        "  carpool-replicator is not running; start it: systemctl start carpool-replicator");
    return HastctlUsage.NOT_CONNECTED;
  }

  private static ReplicatorGrpc.ReplicatorBlockingStub stub(ManagedChannel channel) {
    return ReplicatorGrpc.newBlockingStub(channel)
        .withDeadlineAfter(ANSWER_DEADLINE_SECONDS, TimeUnit.SECONDS);
  }

  private static List<String> configured(HastConfig config) {
    return config.resources().stream().map(HastResource::name).toList();
  }

  private void error(String text) {
    err.println("[ERROR] " + text);
  }

  private static String text(IOException e) {
    return e instanceof java.nio.file.NoSuchFileException
        ? "No such file or directory"
        : String.valueOf(e.getMessage());
  }

  private static Optional<String> environment(String name) {
    return Optional.ofNullable(System.getenv(name)).filter(v -> !v.isEmpty());
  }
}
