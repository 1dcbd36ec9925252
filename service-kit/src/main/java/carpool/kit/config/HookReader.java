package carpool.kit.config;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Reads the `hooks:` list.
final class HookReader {
  private final YamlMap top;

  HookReader(YamlMap top) {
    this.top = top;
  }

  List<HookConfig> read() {
    return top.get("hooks")
        .map(v -> v.listOf("a list of { on: [EVENT], run: [COMMAND] }", HookReader::hook))
        .orElse(List.of());
  }

  private static Optional<HookConfig> hook(YamlValue value) {
    var map = value.map("{ on: [EVENT], run: [COMMAND], timeout: 30s }");
    if (map.isEmpty()) {
      return Optional.empty();
    }
    var on =
        map.get()
            .required("on", "a list of events")
            .map(v -> v.listOf("a list of events", e -> e.oneOf(events())))
            .orElse(List.of());
    var run = map.get().required("run", "a command as a list of words").flatMap(YamlValue::argv);
    var timeout =
        map.get()
            .get("timeout")
            .flatMap(v -> v.duration(Duration.ofMillis(100), Duration.ofHours(1)))
            .orElse(Duration.ofSeconds(30));
    map.get().rejectOthers();
    return run.map(argv -> new HookConfig(on, argv, timeout));
  }

  private static Map<String, String> events() {
    var events = new LinkedHashMap<String, String>();
    HookEvents.ALL.forEach(e -> events.put(e, e));
    return events;
  }
}
