package carpool.kit.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// docs/configuration.md against the parsers: what they know is on the page.
class ReferencePageTest {
  private static final Path PAGE = Path.of("../docs/configuration.md");

  /// One key that nobody knows in every map there is; the refusals name those that are known.
  private static final String UNKNOWN_EVERYWHERE =
      """
      cluster: storage
      nonsense: 1
      hast: HAST
      tls: { nonsense: 1 }
      control: { listen: "127.0.0.1:8460", nonsense: 1 }
      log: { nonsense: 1 }
      fencing: { run: ["true"], nonsense: 1 }
      witness: { endpoints: ["http://pi:2379"], nonsense: 1, tls: { nonsense: 1 } }
      replicator: { nonsense: 1 }
      election:
        - { name: a, interface: em0, vhid: 1, password: x, addresses: [10.0.0.1/24], nonsense: 1 }
      pools:
        - name: p
          follows: a
          nonsense: 1
          resources: [disk1]
          timeouts: { nonsense: 1 }
          services:
            - { name: s, start: ["true"], stop: ["true"], nonsense: 1 }
      hooks:
        - { on: [master], run: ["true"], nonsense: 1 }
      """;

  @TempDir Path directory;

  @Test
  void everyKeyOfCarpoolYamlIsOnThePage() throws Exception {
    var file = directory.resolve("carpool.yaml");
    var hast = Path.of("src/test/resources/config/guides/g1-g3.conf").toAbsolutePath();
    Files.writeString(file, UNKNOWN_EVERYWHERE.replace("HAST", hast.toString()));

    var unknown =
        problems(file).stream()
            .filter(problem -> problem.found().startsWith("unknown key 'nonsense'"))
            .toList();
    assertThat(unknown).as("maps with keys").hasSize(13);
    var keys =
        unknown.stream()
            .flatMap(problem -> List.of(problem.allowed().split(", ", -1)).stream())
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(notOnThePage(keys)).isEmpty();
  }

  @Test
  void everyKeywordOfHastConfIsOnThePage() throws Exception {
    var keywords =
        Stream.of(HastSection.Scope.values())
            .flatMap(scope -> scope.keywords().stream())
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(notOnThePage(keywords)).isEmpty();
  }

  @Test
  void everyEventOfHooksIsOnThePage() throws Exception {
    assertThat(notOnThePage(HookEvents.ALL)).isEmpty();
  }

  private static List<ConfigProblem> problems(Path file) {
    try {
      ConfigLoader.load(file, Optional.of("hast1"));
      return List.of();
    } catch (ConfigException e) {
      return e.problems();
    }
  }

  private static Set<String> notOnThePage(Iterable<String> words) throws Exception {
    var page = Files.readString(PAGE);
    var missing = new TreeSet<String>();
    for (var word : words) {
      if (!page.contains("`" + word + "`")
          && !page.contains("`" + word + " ")
          && !page.contains("`" + word + ":")) {
        missing.add(word);
      }
    }
    return missing;
  }
}
