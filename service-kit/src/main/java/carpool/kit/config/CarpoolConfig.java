package carpool.kit.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What carpool.yaml says, for one node: entries that are given per node (`{ hast1: …, hast2: … }`)
/// hold this node's value. Built by [ConfigLoader] only, so every value is within its range.
public record CarpoolConfig(
    String cluster,
    Path hastFile,
    Path runtimeDir,
    Path stateDir,
    Path deviceDir,
    DeviceKind device,
    Optional<TlsFiles> tls,
    Optional<HostPort> controlListen,
    List<String> controlOperators,
    Optional<HostPort> metricsListen,
    LogSettings log,
    ReplicatorSettings replicator,
    Optional<HostPort> nbdListen,
    List<ElectionGroup> election,
    List<PoolConfig> pools,
    Optional<Fencing> fencing,
    Optional<WitnessSettings> witness,
    List<HookConfig> hooks) {

  /// Makes sure that the other node writes no more; asked before a promotion without its word.
  ///
  /// @param run exit status 0 is a yes, everything else, and no end within `timeout`, a no
  public record Fencing(List<String> run, Duration timeout) {}

  /// The groups that move together with this one, itself included, in the order of the file. The
  /// first of them stands for all: roles that differ are settled by its role.
  public List<String> movesWith(String group) {
    var sync =
        election.stream()
            .filter(each -> each.name().equals(group))
            .flatMap(each -> each.syncGroup().stream())
            .findFirst();
    return sync.isEmpty()
        ? List.of(group)
        : election.stream()
            .filter(each -> each.syncGroup().equals(sync))
            .map(ElectionGroup::name)
            .toList();
  }

  /// A pool follows this group, or one that moves with it.
  public boolean followed(String group) {
    var together = movesWith(group);
    return pools.stream().anyMatch(pool -> together.contains(pool.follows()));
  }

  /// The same with other hooks.
  public CarpoolConfig withHooks(List<HookConfig> other) {
    return new CarpoolConfig(
        cluster,
        hastFile,
        runtimeDir,
        stateDir,
        deviceDir,
        device,
        tls,
        controlListen,
        controlOperators,
        metricsListen,
        log,
        replicator,
        nbdListen,
        election,
        pools,
        fencing,
        witness,
        other);
  }

  /// How an NBD export becomes a local device.
  public enum DeviceKind {
    /// Kernel NBD where the kernel has it, else nbdfuse, else none.
    AUTO,
    /// The kernel's NBD client.
    NBD,
    /// nbdfuse behind a retrying nbdkit proxy.
    NBDFUSE,
    /// No device node; clients use the NBD socket.
    NONE
  }

  /// PEM files of mutual TLS. All three exist and are readable.
  public record TlsFiles(Path ca, Path certificate, Path key) {}

  /// Form and level of the log on standard error.
  public record LogSettings(LogFormat format, LogLevel level) {}

  /// One line per event either way.
  public enum LogFormat {
    TEXT,
    JSON
  }

  /// Lowest level that is written.
  public enum LogLevel {
    TRACE,
    DEBUG,
    INFO,
    WARN,
    ERROR
  }
}
