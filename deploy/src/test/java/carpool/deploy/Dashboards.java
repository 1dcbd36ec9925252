package carpool.deploy;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/// The names of metrics that deploy/monitoring asks for.
final class Dashboards {
  private static final Path DIRECTORY = Path.of("monitoring");
  private static final Pattern METRIC = Pattern.compile("\\bcarpool_[a-z0-9_]+");

  private Dashboards() {}

  /// From every query of every panel of the Grafana dashboard, and every alert's expression.
  static Set<String> metrics() throws IOException {
    var names = new TreeSet<String>();
    var grafana = JsonParser.parseString(read("grafana-carpool.json")).getAsJsonObject();
    for (JsonElement panel : grafana.getAsJsonArray("panels")) {
      for (JsonElement target : panel.getAsJsonObject().getAsJsonArray("targets")) {
        addAll(names, target.getAsJsonObject().get("expr").getAsString());
      }
    }
    read("alerts.yml")
        .lines()
        .filter(line -> line.contains("expr:"))
        .forEach(l -> addAll(names, l));
    return names;
  }

  private static String read(String file) throws IOException {
    return Files.readString(DIRECTORY.resolve(file));
  }

  private static void addAll(Set<String> names, String expression) {
    METRIC.matcher(expression).results().forEach(found -> names.add(found.group()));
  }
}
