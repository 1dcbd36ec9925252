package carpool.deploy;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.exception.NotFoundException;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.utility.DockerImageName;

/// The Prometheus of `deploy/lab metrics`, on the clients' network.
final class Prometheus extends GenericContainer<Prometheus> {
  private static final String IMAGE =
      Objects.requireNonNullElse(System.getenv("CARPOOL_LAB_METRICS_IMAGE"), "carpool-metrics");

  Prometheus(Network lan) {
    super(DockerImageName.parse(IMAGE));
    withNetwork(lan);
    withEnv("CARPOOL_LAB_LAN", Lab.LAN);
    withLabels(Lab.labels());
  }

  static boolean imageIsThere() {
    try {
      DockerClientFactory.instance().client().inspectImageCmd(IMAGE).exec();
      return true;
    } catch (NotFoundException _) {
      return false;
    }
  }

  @Override
  protected void containerIsStarted(InspectContainerResponse info, boolean reused) {
    // Readiness is what the test waits for itself.
  }

  /// The answer to an instant query: `status`, and `data` or `error`.
  JsonObject query(String expression) {
    return ask("query", "--data-urlencode", "query=" + expression);
  }

  /// The single number that is the answer; -1 when there is none yet.
  double number(String expression) {
    var answer = query(expression);
    if (!answer.has("data")) {
      return -1;
    }
    var result = answer.getAsJsonObject("data").getAsJsonArray("result");
    return result.isEmpty()
        ? -1
        : result.get(0).getAsJsonObject().getAsJsonArray("value").get(1).getAsDouble();
  }

  /// The names of all metrics that it has.
  Set<String> names() {
    var names = new TreeSet<String>();
    for (JsonElement name : ask("label/__name__/values").getAsJsonArray("data")) {
      names.add(name.getAsString());
    }
    return names;
  }

  /// What is not well with its rules; empty when all are.
  Set<String> sickRules() {
    var sick = new TreeSet<String>();
    for (var group : ask("rules").getAsJsonObject("data").getAsJsonArray("groups")) {
      for (var element : group.getAsJsonObject().getAsJsonArray("rules")) {
        var rule = element.getAsJsonObject();
        if (!rule.get("health").getAsString().equals("ok")) {
          sick.add(rule.toString());
        }
      }
    }
    return sick;
  }

  private JsonObject ask(String path, String... parameters) {
    var command = new java.util.ArrayList<String>();
    command.addAll(java.util.List.of("curl", "-sSG", "--max-time", "5"));
    command.addAll(java.util.List.of(parameters));
    command.add("http://127.0.0.1:9090/api/v1/" + path);
    var answer = run(command.toArray(String[]::new));
    return answer.startsWith("{")
        ? JsonParser.parseString(answer).getAsJsonObject()
        : new JsonObject();
  }

  /// Runs a command inside; what it prints.
  String run(String... command) {
    try {
      var result = execInContainer(command);
      return result.getStdout() + result.getStderr();
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    }
  }
}
