package carpool.deploy;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// What deploy/monitoring asks Prometheus for.
final class Dashboards {
  private static final Path DIRECTORY = Path.of("monitoring");
  private static final Pattern METRIC = Pattern.compile("\\bcarpool_[a-z0-9_]+");

  private Dashboards() {}

  /// The names of metrics in all of [#expressions].
  static Set<String> metrics() throws IOException {
    var names = new TreeSet<String>();
    for (var expression : expressions()) {
      METRIC.matcher(expression).results().forEach(found -> names.add(found.group()));
    }
    return names;
  }

  /// Those of [#metrics] that a pair without a witness has.
  static Set<String> metricsWithoutWitness() throws IOException {
    var names = new TreeSet<>(metrics());
    names.removeIf(name -> name.startsWith("carpool_replicator_witness_"));
    return names;
  }

  /// Every query of every panel of the Grafana dashboard, and every alert's expression.
  static List<String> expressions() throws IOException {
    var expressions = new ArrayList<String>();
    var grafana = JsonParser.parseString(read("grafana-carpool.json")).getAsJsonObject();
    for (JsonElement panel : grafana.getAsJsonArray("panels")) {
      for (JsonElement target : panel.getAsJsonObject().getAsJsonArray("targets")) {
        expressions.add(target.getAsJsonObject().get("expr").getAsString());
      }
    }
    read("alerts.yml")
        .lines()
        .filter(line -> line.contains("expr:"))
        .forEach(line -> expressions.add(line.replaceFirst(".*expr:", "").strip()));
    return expressions;
  }

  private static String read(String file) throws IOException {
    return Files.readString(DIRECTORY.resolve(file));
  }
}
