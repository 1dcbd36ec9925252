package carpool.kit.config;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;

/// Loads and checks carpool.yaml and the hast.conf it names.
public final class ConfigLoader {
  private static final int LARGEST_FILE_BYTES = 1 << 20;

  private ConfigLoader() {}

  /// Loads both files as seen from this machine, or from `nodeOverride`.
  ///
  /// @throws ConfigException with every problem of both files
  public static LoadedConfig load(Path carpoolYaml, Optional<String> nodeOverride)
      throws ConfigException {
    return load(
        carpoolYaml, nodeOverride.map(HostIdentity::named).orElseGet(HostIdentity::ofThisMachine));
  }

  /// Loads both files as seen from `host`.
  public static LoadedConfig load(Path carpoolYaml, HostIdentity host) throws ConfigException {
    return load(carpoolYaml, host, Optional.empty());
  }

  /// Loads both files and compares them with a machine, as a service does not: there an interface
  /// or its address may come later.
  ///
  /// @throws ConfigException also for interfaces that are not there and shared addresses in none of
  ///   their subnets
  public static LoadedConfig check(Path carpoolYaml, HostIdentity host, LocalInterfaces machine)
      throws ConfigException {
    return load(carpoolYaml, host, Optional.of(machine));
  }

  private static LoadedConfig load(
      Path carpoolYaml, HostIdentity host, Optional<LocalInterfaces> machine)
      throws ConfigException {
    var problems = new Problems();
    var yamlText = read(carpoolYaml, "--config FILE names another carpool.yaml", problems);
    var root = yamlText.flatMap(t -> compose(carpoolYaml, t, problems));
    if (root.isEmpty()) {
      problems.throwIfAny();
    }
    var source = new YamlSource(carpoolYaml.toString(), host, problems, machine);
    var reader = new CarpoolYamlReader(new YamlMap(source, root.orElseThrow(), ""));
    var hastFile = reader.hastFile();
    var hastText = read(hastFile, "hast: PATH in carpool.yaml names another hast.conf", problems);
    var hast = hastText.flatMap(t -> HastConfigReader.read(hastFile.toString(), t, host, problems));
    var config = reader.read(hast);
    problems.throwIfAny();
    return new LoadedConfig(
        carpoolYaml,
        config,
        hast.orElseThrow(),
        hast.orElseThrow().node(),
        ConfigDigest.of(root.orElseThrow(), hastText.orElseThrow()));
  }

  /// The runtime directory `carpoolYaml` names, without checking anything else: how a client finds
  /// the sockets even when the file has become wrong. Empty when there is nothing to go by.
  public static Optional<Path> runtimeDirectory(Path carpoolYaml, Optional<String> nodeOverride) {
    var ignored = new Problems();
    var source =
        new YamlSource(
            carpoolYaml.toString(),
            nodeOverride.map(HostIdentity::named).orElseGet(HostIdentity::ofThisMachine),
            ignored);
    return read(carpoolYaml, "", ignored)
        .flatMap(text -> compose(carpoolYaml, text, ignored))
        .flatMap(root -> new YamlMap(source, root, "").get("runtime-dir"))
        .flatMap(YamlValue::forThisNode)
        .flatMap(value -> value.path("a directory"));
  }

  private static Optional<String> read(Path file, String hint, Problems problems) {
    try {
      if (Files.size(file) > LARGEST_FILE_BYTES) {
        problems.add(file.toString(), 0, 0, "a file larger than 1 MiB", "a configuration file");
        return Optional.empty();
      }
      return Optional.of(Files.readString(file));
    } catch (NoSuchFileException e) {
      problems.add(file.toString(), 0, 0, "no such file", "an existing file; " + hint);
    } catch (MalformedInputException e) {
      problems.add(file.toString(), 0, 0, "bytes that are not UTF-8", "text in UTF-8");
    } catch (IOException e) {
      problems.add(
          file.toString(),
          0,
          0,
          "cannot be read (" + e.getClass().getSimpleName() + ")",
          "a readable file; " + hint);
    }
    return Optional.empty();
  }

  private static Optional<MappingNode> compose(Path file, String text, Problems problems) {
    var options = new LoaderOptions();
    options.setMaxAliasesForCollections(20);
    try {
      Node root = new Yaml(options).compose(new StringReader(text));
      if (root instanceof MappingNode mapping) {
        return Optional.of(mapping);
      }
      problems.add(
          file.toString(),
          root == null ? 0 : root.getStartMark().getLine() + 1,
          root == null ? 0 : root.getStartMark().getColumn() + 1,
          root == null ? "an empty file" : "no keys",
          "'key: value' lines, at least 'cluster: NAME'");
    } catch (MarkedYAMLException e) {
      var mark = e.getProblemMark();
      problems.add(
          file.toString(),
          mark == null ? 0 : mark.getLine() + 1,
          mark == null ? 0 : mark.getColumn() + 1,
          "no YAML: " + e.getProblem(),
          "YAML 1.1; indent with spaces, quote texts with special characters");
    } catch (YAMLException e) {
      problems.add(file.toString(), 0, 0, "no YAML: " + e.getMessage(), "YAML 1.1 in UTF-8");
    }
    return Optional.empty();
  }
}
