package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// What can be seen of deploy/monitoring without a Prometheus; `FailoverIT` has one.
final class DashboardsIT {
  private static final Path DIRECTORY = Path.of("monitoring");

  @Test
  void everyPanelHasItsOwnNumberAndRoom() throws Exception {
    var ids = new HashSet<Integer>();
    var cells = new HashSet<String>();
    var grafana =
        JsonParser.parseString(Files.readString(DIRECTORY.resolve("grafana-carpool.json")))
            .getAsJsonObject();
    for (JsonElement element : grafana.getAsJsonArray("panels")) {
      var panel = element.getAsJsonObject();
      var title = panel.get("title").getAsString();
      assertThat(ids.add(panel.get("id").getAsInt())).as(title).isTrue();
      var place = panel.getAsJsonObject("gridPos");
      var left = place.get("x").getAsInt();
      for (var x = left; x < left + place.get("w").getAsInt(); x++) {
        assertThat(cells.add(x + "," + place.get("y").getAsInt())).as(title).isTrue();
        assertThat(x).as(title).isLessThan(24);
      }
    }
  }

  @Test
  void everyAlertHasItsOwnNameAndAnExpression() throws Exception {
    var lines = Files.readAllLines(DIRECTORY.resolve("alerts.yml"));
    var names =
        lines.stream()
            .filter(line -> line.contains("- alert:"))
            .map(line -> line.substring(line.indexOf(':') + 1).strip())
            .toList();

    assertThat(names).doesNotHaveDuplicates().allMatch(name -> name.startsWith("Carpool"));
    assertThat(lines.stream().filter(line -> line.contains("expr:"))).hasSameSizeAs(names);
  }

  @Test
  void aWitnessHasAnAlertForEachWayToFail() throws Exception {
    var witness = Pattern.compile("carpool_replicator_witness_([a-z_]+)");
    var alerts =
        Files.readString(DIRECTORY.resolve("alerts.yml"))
            .lines()
            .filter(line -> line.contains("expr:"))
            .flatMap(line -> witness.matcher(line).results())
            .map(found -> found.group(1))
            .toList();

    assertThat(alerts)
        .isEqualTo(List.of("reachable", "held_seconds", "unvouched", "certificate_days", "record"));
    assertThat(Dashboards.metrics())
        .contains("carpool_replicator_witness_latency_seconds")
        .containsAll(Dashboards.metricsWithoutWitness());
    assertThat(Dashboards.metricsWithoutWitness())
        .hasSizeGreaterThan(10)
        .noneMatch(name -> name.contains("witness"));
  }
}
