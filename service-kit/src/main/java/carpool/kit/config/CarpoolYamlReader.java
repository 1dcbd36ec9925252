package carpool.kit.config;

import carpool.kit.config.CarpoolConfig.DeviceKind;
import carpool.kit.config.CarpoolConfig.Fencing;
import carpool.kit.config.CarpoolConfig.LogFormat;
import carpool.kit.config.CarpoolConfig.LogLevel;
import carpool.kit.config.CarpoolConfig.LogSettings;
import carpool.kit.config.CarpoolConfig.TlsFiles;
import carpool.kit.config.ReplicatorSettings.SplitBrainPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Reads the top level of carpool.yaml and its small sections. The lists are read by
/// [ElectionReader] and [PoolReader].
final class CarpoolYamlReader {
  static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._:-]{0,62}");
  static final String NAME_FORM =
      "a name of letters, digits and . _ : -, at most 63, starting with a letter or digit";
  private static final Duration LONGEST = Duration.ofHours(24);

  private final YamlMap top;

  CarpoolYamlReader(YamlMap top) {
    this.top = top;
  }

  /// Where hast.conf is; readable before everything else, so that both files can be checked.
  Path hastFile() {
    return top.get("hast").flatMap(v -> v.path("hast.conf")).orElse(Path.of("/etc/hast.conf"));
  }

  /// With problems noted the result has defaults in their places and must not be used.
  CarpoolConfig read(Optional<HastConfig> hast) {
    var cluster =
        top.required("cluster", NAME_FORM).flatMap(v -> v.text(NAME, NAME_FORM)).orElse("");
    var tls = top.get("tls").flatMap(v -> v.map("{ ca: …, certificate: …, key: … }"));
    var groups = new ElectionReader(top).read();
    var control = top.get("control").flatMap(v -> v.map("{ listen: HOST:PORT, operators: […] }"));
    var controlListen = control.flatMap(CarpoolYamlReader::listen);
    var controlOperators =
        control
            .flatMap(map -> map.get("operators"))
            .flatMap(v -> v.list("a list of names in certificates"))
            .orElse(List.of())
            .stream()
            .flatMap(v -> v.text().stream())
            .toList();
    control.ifPresent(YamlMap::rejectOthers);
    var config =
        new CarpoolConfig(
            cluster,
            hastFile(),
            directory("runtime-dir", "/run/carpool"),
            directory("state-dir", "/var/lib/carpool"),
            directory("device-dir", "/dev/hast"),
            top.get("device")
                .flatMap(v -> v.oneOf(choices(DeviceKind.values())))
                .orElse(DeviceKind.AUTO),
            tls.flatMap(CarpoolYamlReader::tls),
            controlListen,
            controlOperators,
            listen("metrics"),
            log(),
            replicator(),
            listen("nbd"),
            groups,
            new PoolReader(top, groups, hast).read(),
            fencing(),
            new WitnessReader(top, hast).read(cluster),
            new HookReader(top).read());
    top.rejectOthers();
    return config;
  }

  private Path directory(String key, String otherwise) {
    return top.get(key)
        .flatMap(YamlValue::forThisNode)
        .flatMap(v -> v.path("a directory"))
        .orElse(Path.of(otherwise));
  }

  private Optional<HostPort> listen(String section) {
    var map = top.get(section).flatMap(v -> v.map("{ listen: HOST:PORT }"));
    var listen = map.flatMap(CarpoolYamlReader::listen);
    map.ifPresent(YamlMap::rejectOthers);
    return listen;
  }

  private static Optional<HostPort> listen(YamlMap map) {
    return map.required("listen", YamlValue.HOST_PORT_FORM)
        .flatMap(YamlValue::forThisNode)
        .flatMap(YamlValue::hostPort);
  }

  private Optional<Fencing> fencing() {
    var map = top.get("fencing").flatMap(v -> v.map("{ run: [COMMAND], timeout: 30s }"));
    var run =
        map.flatMap(m -> m.required("run", "a command as a list of words"))
            .flatMap(YamlValue::argv);
    var timeout =
        map.flatMap(m -> m.get("timeout"))
            .flatMap(v -> v.duration(Duration.ofSeconds(1), Duration.ofHours(1)))
            .orElse(Duration.ofSeconds(30));
    map.ifPresent(YamlMap::rejectOthers);
    return run.map(argv -> new Fencing(argv, timeout));
  }

  private static Optional<TlsFiles> tls(YamlMap map) {
    var ca = pem(map, "ca");
    var certificate = pem(map, "certificate");
    var key = pem(map, "key");
    map.rejectOthers();
    return ca.isPresent() && certificate.isPresent() && key.isPresent()
        ? Optional.of(new TlsFiles(ca.get(), certificate.get(), key.get()))
        : Optional.empty();
  }

  static Optional<Path> pem(YamlMap map, String key) {
    var value = map.required(key, "the path of a PEM file").flatMap(YamlValue::forThisNode);
    var path = value.flatMap(v -> v.path("a PEM file"));
    if (path.isPresent() && !Files.isReadable(path.get())) {
      return value.orElseThrow().refuse("the path of a readable PEM file; this one is not there");
    }
    return path;
  }

  private LogSettings log() {
    var map = top.get("log").flatMap(v -> v.map("{ format: …, level: … }"));
    var format =
        map.flatMap(m -> m.get("format")).flatMap(v -> v.oneOf(choices(LogFormat.values())));
    var level = map.flatMap(m -> m.get("level")).flatMap(v -> v.oneOf(choices(LogLevel.values())));
    map.ifPresent(YamlMap::rejectOthers);
    return new LogSettings(format.orElse(LogFormat.TEXT), level.orElse(LogLevel.INFO));
  }

  private ReplicatorSettings replicator() {
    var map = top.get("replicator").flatMap(v -> v.map("{ keepalive: …, dead-after: …, … }"));
    var port = map.flatMap(m -> m.get("block-port")).flatMap(v -> v.integer(1, 65535));
    var keepalive = duration(map, "keepalive", Duration.ofMillis(50));
    var deadAfter = duration(map, "dead-after", Duration.ofMillis(100));
    var hold = duration(map, "hold", Duration.ofSeconds(1));
    var rate = map.flatMap(m -> m.get("sync-rate")).flatMap(YamlValue::rate);
    var policy =
        map.flatMap(m -> m.get("split-brain"))
            .flatMap(v -> v.oneOf(choices(SplitBrainPolicy.values())));
    map.ifPresent(YamlMap::rejectOthers);
    var settings =
        new ReplicatorSettings(
            port.orElse(8458),
            keepalive.orElse(Duration.ofSeconds(1)),
            deadAfter.orElse(Duration.ofSeconds(3)),
            hold.orElse(Duration.ofSeconds(30)),
            rate.orElse(Rate.UNLIMITED),
            policy.orElse(SplitBrainPolicy.NONE));
    if (settings.deadAfter().compareTo(settings.keepalive().multipliedBy(2)) < 0) {
      map.flatMap(m -> m.get("dead-after").or(() -> m.get("keepalive")))
          .ifPresent(v ->
              v.refuse(
                  "dead-after %s with keepalive %s"
                      .formatted(
                          Units.show(settings.deadAfter()), Units.show(settings.keepalive())),
                  "dead-after at least twice keepalive"));
    }
    return settings;
  }

  private static Optional<Duration> duration(Optional<YamlMap> map, String key, Duration shortest) {
    return map.flatMap(m -> m.get(key)).flatMap(v -> v.duration(shortest, LONGEST));
  }

  /// The constants by their names in the file: lower case, `-` for `_`.
  static <E extends Enum<E>> Map<String, E> choices(E[] constants) {
    var choices = new LinkedHashMap<String, E>();
    for (var constant : List.of(constants)) {
      choices.put(constant.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-'), constant);
    }
    return choices;
  }
}
