package carpool.sim.mutants;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/// The planted faults of `deploy/mutants`, one file per layer.
///
/// A file names its `module` and the `package` that `file` and `tests` are relative to; a test that
/// starts with `carpool.` stands for itself. `tests` and `worlds` of the file hold for every entry
/// that has none of its own.
final class Catalogue {
  private static final Set<String> ENTRY_KEYS =
      Set.of(
          "id",
          "file",
          "find",
          "replace",
          "why",
          "tests",
          "worlds",
          "equivalent",
          "sample",
          "untried");
  private static final Set<String> FILE_KEYS =
      Set.of("module", "package", "tests", "worlds", "mutants");

  private final Path root;
  private final List<Mutant> mutants = new ArrayList<>();

  private Catalogue(Path root) {
    this.root = root;
  }

  /// Reads all files below `root`, the directory of the repository.
  ///
  /// @throws IllegalArgumentException when an entry lacks something or is there twice
  static Catalogue read(Path root) {
    var catalogue = new Catalogue(root);
    try (var files = Files.list(root.resolve("deploy/mutants"))) {
      for (var file : files.sorted().toList()) {
        catalogue.readFile(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    var ids = new HashSet<String>();
    for (var mutant : catalogue.mutants) {
      require(ids.add(mutant.id()), mutant.id() + " is there twice");
    }
    return catalogue;
  }

  /// All entries, in the order of the files.
  List<Mutant> mutants() {
    return List.copyOf(mutants);
  }

  /// The text of a source file as it is.
  String sourceOf(Mutant mutant) {
    try {
      return Files.readString(root.resolve(mutant.source()));
    } catch (IOException e) {
      throw new IllegalArgumentException(mutant.id() + ": cannot read " + mutant.source(), e);
    }
  }

  /// So many entries that every layer has its turn: those marked as sample first.
  List<Mutant> sample(int count) {
    var turns = new HashMap<String, Integer>();
    var turnOf = new HashMap<Mutant, Integer>();
    var marked = Comparator.comparing((Mutant mutant) -> !mutant.sample());
    for (var mutant : mutants.stream().sorted(marked).toList()) {
      if (mutant.equivalent().isEmpty() && !mutant.untried()) {
        turnOf.put(mutant, turns.merge(mutant.layer(), 1, Integer::sum));
      }
    }
    return turnOf.keySet().stream()
        .sorted(marked.thenComparing(turnOf::get).thenComparing(Mutant::id))
        .limit(count)
        .toList();
  }

  private void readFile(Path file) throws IOException {
    var layer = file.getFileName().toString().replaceFirst("\\.yaml$", "");
    var yaml = new Yaml(new SafeConstructor(new LoaderOptions()));
    var map = map(layer, yaml.load(Files.readString(file)), FILE_KEYS);
    for (var entry : list(layer, map.get("mutants"))) {
      mutants.add(mutant(layer, map, map(layer, entry, ENTRY_KEYS)));
    }
  }

  private Mutant mutant(String layer, Map<?, ?> defaults, Map<?, ?> entry) {
    var id = text(layer, entry, "id");
    require(id.startsWith(layer + "-"), id + " does not start with its layer, " + layer);
    var module = text(layer, defaults, "module");
    var rootPackage = text(layer, defaults, "package");
    return new Mutant(
        id,
        layer,
        module,
        Path.of(
            module,
            "src/main/java",
            rootPackage.replace('.', '/'),
            text(id, entry, "file") + ".java"),
        text(id, entry, "find"),
        String.valueOf(entry.get("replace")),
        text(id, entry, "why"),
        strings(id, entry.containsKey("tests") ? entry : defaults, "tests").stream()
            .map(test -> test.startsWith("carpool.") ? test : rootPackage + "." + test)
            .toList(),
        strings(id, entry.containsKey("worlds") ? entry : defaults, "worlds").stream()
            .map(Mutant.World::parse)
            .toList(),
        entry.containsKey("equivalent") ? text(id, entry, "equivalent") : "",
        Boolean.TRUE.equals(entry.get("sample")),
        Boolean.TRUE.equals(entry.get("untried")));
  }

  private static Map<?, ?> map(String where, @Nullable Object value, Set<String> keys) {
    if (!(value instanceof Map<?, ?> map)) {
      throw wrong(where + ": an entry is no map");
    }
    for (var key : map.keySet()) {
      require(keys.contains(key), where + ": `" + key + "` is unknown");
    }
    return map;
  }

  private static List<?> list(String where, @Nullable Object value) {
    if (value instanceof List<?> list) {
      return list;
    }
    throw wrong(where + ": a list is missing");
  }

  private static List<String> strings(String where, Map<?, ?> map, String key) {
    return map.containsKey(key)
        ? list(where, map.get(key)).stream().map(String::valueOf).toList()
        : List.of();
  }

  private static String text(String where, Map<?, ?> map, String key) {
    if (map.get(key) instanceof String text) {
      return text;
    }
    throw wrong(where + ": `" + key + "` is missing");
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw wrong(what);
    }
  }

  private static IllegalArgumentException wrong(String what) {
    return new IllegalArgumentException("deploy/mutants: " + what);
  }
}
