package carpool.cli;

import carpool.kit.boot.Version;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/// The root command: options that hold for all, and the list of commands.
@Command(
    name = "carpool",
    description = "One storage pool kept alive on two machines.",
    versionProvider = Carpool.VersionText.class,
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      StatusCommand.class,
      ReadyCommand.class,
      WatchCommand.class,
      WhyCommand.class,
      DoctorCommand.class,
      TimelineCommand.class,
      SwitchoverCommand.class,
      TakeoverCommand.class,
      MaintenanceCommand.class,
      UnmanagedCommand.class,
      PoolCommand.class,
      CarpCommand.class,
      RoleCommand.class,
      CreateCommand.class,
      ListCommand.class,
      DumpCommand.class,
      SyncCommand.class,
      VerifyCommand.class,
      SplitBrainCommand.class,
      WitnessCommand.class,
      ReloadCommand.class,
      ConfigCommand.class,
      CompletionCommand.class,
    },
    footer = {
      "",
      "Exit codes: 0 done, 1 failed, 2 command line or configuration wrong.",
      "CARPOOL_CONFIG, CARPOOL_NODE and CARPOOL_SOCKET_DIR set the options of these names."
    })
final class Carpool implements Runnable {

  /// When colours are used.
  enum Colour {
    AUTO,
    ALWAYS,
    NEVER
  }

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = {"-c", "--config"},
      paramLabel = "FILE",
      scope = ScopeType.INHERIT,
      defaultValue = "${env:CARPOOL_CONFIG:-/etc/carpool/carpool.yaml}",
      description = "carpool.yaml (default: ${DEFAULT-VALUE})")
  private Path config = Path.of("/etc/carpool/carpool.yaml");

  @Option(
      names = "--node",
      paramLabel = "NAME",
      scope = ScopeType.INHERIT,
      defaultValue = "${env:CARPOOL_NODE}",
      description = "be this node instead of the one named like the host")
  private @Nullable String node;

  @Option(
      names = "--socket-dir",
      paramLabel = "DIR",
      scope = ScopeType.INHERIT,
      defaultValue = "${env:CARPOOL_SOCKET_DIR}",
      description = "where the services' sockets are (default: runtime-dir of the configuration)")
  private @Nullable Path socketDir;

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      description = "print JSON; streams print one object per line")
  private boolean json;

  @Option(
      names = "--color",
      paramLabel = "auto|always|never",
      scope = ScopeType.INHERIT,
      defaultValue = "auto",
      description = "colours; auto: on a terminal, unless NO_COLOR is set")
  private Colour colour = Colour.AUTO;

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      scope = ScopeType.INHERIT,
      defaultValue = "30s",
      description = "longest wait for an answer, as 500ms, 10s, 2m (default: ${DEFAULT-VALUE})")
  private String timeout = "30s";

  private final Console console;

  Carpool() {
    this(System.out, System.err);
  }

  Carpool(PrintStream out, PrintStream err) {
    this.console = new Console(this, out, err);
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "no command given; allowed: one of the commands below");
  }

  Path config() {
    return config;
  }

  Optional<String> node() {
    return Optional.ofNullable(node).filter(n -> !n.isEmpty());
  }

  Optional<Path> socketDir() {
    return Optional.ofNullable(socketDir).filter(d -> !d.toString().isEmpty());
  }

  boolean json() {
    return json;
  }

  Colour colour() {
    return colour;
  }

  Duration timeout() {
    return carpool.kit.config.Units.duration(timeout)
        .filter(d -> !d.isZero())
        .orElseThrow(() ->
            new CliFailure(
                Exit.USAGE,
                "'"
                    + timeout
                    + "' after --timeout; allowed: "
                    + carpool.kit.config.Units.DURATION_FORM));
  }

  Console console() {
    return console;
  }

  /// `carpool 0.1.0`.
  static final class VersionText implements IVersionProvider {
    static final String LINE = "carpool " + Version.current();

    @Override
    public String[] getVersion() {
      return new String[] {LINE};
    }
  }
}
