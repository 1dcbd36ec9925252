package carpool.kit.config;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One setting that two configurations have differently.
///
/// @param key as the file writes it: `pools[zhast].services[nginx].timeout`
/// @param before `(none)` when it was not there; a secret is never shown
/// @param now the same
public record ConfigDifference(String key, String before, String now) {
  private static final String NONE = "(none)";

  /// Where the files use another word than the record.
  private static final Map<String, String> WORDS =
      Map.ofEntries(
          Map.entry("hastFile", "hast"),
          Map.entry("controlListen", "control.listen"),
          Map.entry("controlOperators", "control.operators"),
          Map.entry("metricsListen", "metrics.listen"),
          Map.entry("nbdListen", "nbd.listen"),
          Map.entry("interfaceName", "interface"),
          Map.entry("advbaseSeconds", "advbase"),
          Map.entry("importPool", "import"),
          Map.entry("exportPool", "export"));

  /// Parts whose settings stand in the section itself.
  private static final Set<String> UNNAMED = Set.of("login", "own");

  /// Everything in which the two differ, in the order of the file. Every setting takes part: what
  /// is new in a later release cannot be forgotten here.
  public static List<ConfigDifference> between(CarpoolConfig before, CarpoolConfig now) {
    var out = new ArrayList<ConfigDifference>();
    compare("", before, now, out);
    return List.copyOf(out);
  }

  /// The first word of the key: `pools`, `hooks`, `election`.
  public String section() {
    return key.split("[.\\[]", 2)[0];
  }

  @Override
  public String toString() {
    return key + ": " + before + " -> " + now;
  }

  private static void compare(
      String key, @Nullable Object from, @Nullable Object to, List<ConfigDifference> out) {
    var before = orNull(from);
    var now = orNull(to);
    if (Objects.equals(before, now)) {
      return;
    }
    if (isSection(before) && isSection(now)) {
      var type = Objects.requireNonNull(before == null ? now : before).getClass();
      for (var component : type.getRecordComponents()) {
        compare(
            child(key, component),
            before == null ? null : value(component, before),
            now == null ? null : value(component, now),
            out);
      }
    } else if (before instanceof List<?> one
        && now instanceof List<?> other
        && haveNames(one)
        && haveNames(other)) {
      named(key, one, other, out);
    } else {
      out.add(new ConfigDifference(key, show(before), show(now)));
    }
  }

  /// Entries of a list are compared with those of the same name, wherever they are.
  private static void named(String key, List<?> before, List<?> now, List<ConfigDifference> out) {
    var one = byName(before);
    var other = byName(now);
    var names = new ArrayList<>(one.keySet());
    other.keySet().stream().filter(name -> !names.contains(name)).forEach(names::add);
    for (var name : names) {
      var entry = key + "[" + name + "]";
      if (!one.containsKey(name)) {
        out.add(new ConfigDifference(entry, NONE, "new"));
      } else if (!other.containsKey(name)) {
        out.add(new ConfigDifference(entry, "there", NONE));
      } else {
        compare(entry, one.get(name), other.get(name), out);
      }
    }
    if (List.copyOf(one.keySet()).size() == other.size()
        && one.keySet().equals(other.keySet())
        && !List.copyOf(one.keySet()).equals(List.copyOf(other.keySet()))) {
      out.add(
          new ConfigDifference(
              key, String.join(", ", one.keySet()), String.join(", ", other.keySet())));
    }
  }

  private static Map<String, Record> byName(List<?> entries) {
    var out = new LinkedHashMap<String, Record>();
    for (var entry : entries) {
      if (entry instanceof Record one) {
        name(one).ifPresent(name -> out.put(name, one));
      }
    }
    return out;
  }

  private static boolean haveNames(List<?> entries) {
    return entries.stream().allMatch(entry -> entry instanceof Record one && name(one).isPresent());
  }

  private static Optional<String> name(Record entry) {
    for (var component : entry.getClass().getRecordComponents()) {
      if (component.getName().equals("name")) {
        return Optional.of(String.valueOf(value(component, entry)));
      }
    }
    return Optional.empty();
  }

  /// A mapping of the file; one that is absent has none of its settings.
  private static boolean isSection(@Nullable Object part) {
    return part == null || (part instanceof Record one && !isValue(one));
  }

  private static @Nullable Object orNull(@Nullable Object part) {
    return part instanceof Optional<?> one ? one.orElse(null) : part;
  }

  private static String child(String key, RecordComponent component) {
    if (UNNAMED.contains(component.getName())) {
      return key;
    }
    var word = word(component);
    return key.isEmpty() ? word : key + "." + word;
  }

  /// Records that are one value in the file.
  private static boolean isValue(Record record) {
    return record instanceof HostPort
        || record instanceof Cidr
        || record instanceof Rate
        || record instanceof ElectionGroup.SigningKey;
  }

  private static @Nullable Object value(RecordComponent component, Object record) {
    try {
      return component.getAccessor().invoke(record);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException(component + " of " + record.getClass(), e);
    }
  }

  private static String word(RecordComponent component) {
    var name = component.getName();
    // A group's key is its password in whatever form; that of a certificate is a file.
    var word =
        component.getType().equals(ElectionGroup.SigningKey.class) ? "password" : WORDS.get(name);
    return word != null
        ? word
        : name.replaceAll("([a-z])([A-Z])", "$1-$2").toLowerCase(java.util.Locale.ROOT);
  }

  private static String show(@Nullable Object value) {
    return switch (value) {
      case null -> NONE;
      case Optional<?> one -> one.isEmpty() ? NONE : show(one.get());
      case Duration one -> Units.show(one);
      case ElectionGroup.SigningKey _, Secret _ -> "(secret)";
      case Enum<?> one -> one.name().toLowerCase(java.util.Locale.ROOT).replace('_', '-');
      case HookConfig one -> String.join("+", one.on()) + " runs " + String.join(" ", one.run());
      case List<?> list ->
          list.isEmpty()
              ? NONE
              : "[" + String.join(", ", list.stream().map(ConfigDifference::show).toList()) + "]";
      default -> value.toString();
    };
  }
}
