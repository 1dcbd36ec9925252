package carpool.kit.config;

import carpool.kit.config.PoolConfig.Kind;
import carpool.kit.config.PoolConfig.OnDiskFailure;
import carpool.kit.config.PoolConfig.OnFailure;
import carpool.kit.config.PoolConfig.ServiceConfig;
import carpool.kit.config.PoolConfig.Timeouts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Reads the `pools:` list and checks it against the election groups and hast.conf.
final class PoolReader {
  private static final Pattern POOL_NAME = Pattern.compile("[A-Za-z][A-Za-z0-9._:-]{0,62}");
  private static final String POOL_NAME_FORM =
      "a name of letters, digits and . _ : -, at most 63, starting with a letter";

  private final YamlMap top;
  private final List<String> groups;
  private final Optional<List<String>> hastResources;
  private final Map<String, String> poolOfResource = new HashMap<>();

  PoolReader(YamlMap top, List<ElectionGroup> groups, Optional<HastConfig> hast) {
    this.top = top;
    this.groups = groups.stream().map(ElectionGroup::name).toList();
    this.hastResources = hast.map(h -> h.resources().stream().map(HastResource::name).toList());
  }

  List<PoolConfig> read() {
    var pools = new ArrayList<PoolConfig>();
    var names = new HashSet<String>();
    var entries = top.get("pools").flatMap(v -> v.list("a list of pools")).orElse(List.of());
    for (var entry : entries) {
      var map = entry.map("a pool: { name: …, follows: …, type: …, resources: […] }");
      if (map.isPresent()) {
        var pool = pool(map.get());
        if (!names.add(pool.name())) {
          map.get()
              .get("name")
              .ifPresent(v -> v.refuse("pool '" + pool.name() + "' a second time", "each once"));
        }
        pools.add(pool);
      }
    }
    return List.copyOf(pools);
  }

  private PoolConfig pool(YamlMap map) {
    var name =
        map.required("name", POOL_NAME_FORM)
            .flatMap(v -> v.text(POOL_NAME, POOL_NAME_FORM))
            .orElse("");
    var follows = map.required("follows", "the name of an election group");
    var group = follows.flatMap(YamlValue::text);
    group
        .filter(g -> !groups.contains(g))
        .ifPresent(_ ->
            follows
                .orElseThrow()
                .refuse(
                    groups.isEmpty()
                        ? "the name of a group under election:, and there is none"
                        : String.join(", ", groups)));
    var kind =
        map.get("type")
            .flatMap(v -> v.oneOf(CarpoolYamlReader.choices(Kind.values())))
            .orElse(Kind.ZFS);
    var pool =
        new PoolConfig(
            name,
            group.orElse(""),
            kind,
            resources(map, name, kind),
            map.get("mountpoint").flatMap(v -> v.path("a directory")),
            map.get("fsck").flatMap(YamlValue::argv).orElse(List.of()),
            map.get("fstype").flatMap(YamlValue::text),
            map.get("last-resort").flatMap(YamlValue::argv).orElse(List.of()),
            map.get("load-key").flatMap(YamlValue::argv).orElse(List.of()),
            services(map),
            map.get("on-disk-failure")
                .flatMap(v -> v.oneOf(CarpoolYamlReader.choices(OnDiskFailure.values())))
                .orElse(OnDiskFailure.SWITCHOVER),
            map.get("hold-shutdown")
                .flatMap(v -> v.duration(Duration.ZERO, Duration.ofHours(1)))
                .orElse(Duration.ofSeconds(60)),
            duration(map, "fail-window", Duration.ofHours(1), Duration.ofDays(30)),
            timeouts(map));
    if (kind == Kind.ZFS) {
      for (var key : List.of("fsck", "fstype")) {
        map.get(key)
            .ifPresent(v -> v.refuse("'" + key + "' with type zfs", "only with type: filesystem"));
      }
    } else {
      map.get("load-key")
          .ifPresent(v -> v.refuse("'load-key' with type filesystem", "only with type: zfs"));
    }
    if (kind != Kind.ZFS && pool.mountpoint().isEmpty() && map.get("mountpoint").isEmpty()) {
      map.required("mountpoint", "a directory; type: filesystem needs it");
    }
    map.rejectOthers();
    return pool;
  }

  private List<String> resources(YamlMap map, String pool, Kind kind) {
    var value = map.required("resources", "a list of resources of hast.conf");
    var elements = value.flatMap(v -> v.list("a list of resources of hast.conf")).orElse(List.of());
    var resources = new ArrayList<String>();
    for (var element : elements) {
      element.text().filter(r -> known(element, r, pool)).ifPresent(resources::add);
    }
    if (value.isPresent() && value.get().node() instanceof org.yaml.snakeyaml.nodes.SequenceNode) {
      if (elements.isEmpty()) {
        value.get().refuse("an empty list", "at least one resource of hast.conf");
      } else if (kind == Kind.FILESYSTEM && elements.size() != 1) {
        value.get().refuse(elements.size() + " resources", "exactly one with type: filesystem");
      }
    }
    return List.copyOf(resources);
  }

  private boolean known(YamlValue element, String resource, String pool) {
    if (hastResources.isPresent() && !hastResources.get().contains(resource)) {
      element.refuse(
          "resource '" + resource + "', which hast.conf does not have,",
          hastResources.get().isEmpty()
              ? "a resource of hast.conf, and it has none"
              : String.join(", ", hastResources.get()));
      return false;
    }
    var other = poolOfResource.putIfAbsent(resource, pool);
    if (other != null) {
      element.refuse(
          "resource '" + resource + "', which pool '" + other + "' has already,",
          "each resource in one pool, once");
      return false;
    }
    return true;
  }

  private static List<ServiceConfig> services(YamlMap map) {
    var names = new HashSet<String>();
    return map.get("services")
        .map(v -> v.listOf("a list of { name: …, start: […], stop: […] }", s -> service(s, names)))
        .orElse(List.of());
  }

  private static Optional<ServiceConfig> service(YamlValue value, Set<String> names) {
    var map = value.map("{ name: …, start: […], stop: […], check: […], timeout: 20s }");
    if (map.isEmpty()) {
      return Optional.empty();
    }
    var name = map.get().required("name", "a text").flatMap(YamlValue::text);
    if (name.isPresent() && !names.add(name.get())) {
      map.get()
          .get("name")
          .ifPresent(v -> v.refuse("service '" + name.get() + "' a second time", "each once"));
    }
    var start =
        map.get().required("start", "a command as a list of words").flatMap(YamlValue::argv);
    var stop = map.get().required("stop", "a command as a list of words").flatMap(YamlValue::argv);
    var check = map.get().get("check").flatMap(YamlValue::argv).orElse(List.of());
    var onFailure =
        map.get()
            .get("on-failure")
            .flatMap(v -> v.oneOf(CarpoolYamlReader.choices(OnFailure.values())))
            .orElse(OnFailure.FAILOVER);
    var timeout = duration(map.get(), "timeout", Duration.ofSeconds(20));
    var interval = duration(map.get(), "interval", Duration.ofSeconds(5));
    map.get().rejectOthers();
    return name.isPresent() && start.isPresent() && stop.isPresent()
        ? Optional.of(
            new ServiceConfig(
                name.get(), start.get(), stop.get(), check, onFailure, timeout, interval))
        : Optional.empty();
  }

  private static Timeouts timeouts(YamlMap pool) {
    var map = pool.get("timeouts").flatMap(v -> v.map("{ promote: …, device: …, import: …, … }"));
    if (map.isEmpty()) {
      return new Timeouts(
          Duration.ofSeconds(10),
          Duration.ofSeconds(10),
          Duration.ofSeconds(60),
          Duration.ofSeconds(20),
          Duration.ofSeconds(10));
    }
    var timeouts =
        new Timeouts(
            duration(map.get(), "promote", Duration.ofSeconds(10)),
            duration(map.get(), "device", Duration.ofSeconds(10)),
            duration(map.get(), "import", Duration.ofSeconds(60)),
            duration(map.get(), "export", Duration.ofSeconds(20)),
            duration(map.get(), "demote", Duration.ofSeconds(10)));
    map.get().rejectOthers();
    return timeouts;
  }

  private static Duration duration(YamlMap map, String key, Duration otherwise) {
    return duration(map, key, otherwise, Duration.ofHours(1));
  }

  private static Duration duration(YamlMap map, String key, Duration otherwise, Duration longest) {
    return map.get(key).flatMap(v -> v.duration(Duration.ofMillis(100), longest)).orElse(otherwise);
  }
}
