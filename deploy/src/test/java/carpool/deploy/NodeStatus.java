package carpool.deploy;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.StreamSupport;

/// `carpool status --json` of one node.
///
/// @param known false when the node gave none, or one without its three parts
/// @param carp `MASTER`, `BACKUP` or `INIT`
/// @param pool `SERVING`, `STANDBY`, …
/// @param resources one for each disk
record NodeStatus(
    boolean known, String carp, String pool, String health, List<Resource> resources) {
  static final NodeStatus NONE = new NodeStatus(false, "", "", "", List.of());

  /// @param complete both copies are equal and the peer is connected
  /// @param refusal why the peer is not connected until somebody acts; empty when it is
  /// @param receivedBytes of the payload and all else that the peer sent on the block connection
  record Resource(
      String name,
      String role,
      boolean complete,
      String disk,
      String refusal,
      long dirtyBytes,
      long receivedBytes) {}

  static NodeStatus read(String json) {
    try {
      var root = JsonParser.parseString(json).getAsJsonObject();
      var group = only(root, "groups");
      var pool = only(root, "pools");
      return new NodeStatus(
          true,
          word(group, "state", "STATE_"),
          word(pool, "state", "POOL_STATE_"),
          word(pool, "health", ""),
          elements(root.getAsJsonArray("resources")).stream().map(NodeStatus::resource).toList());
    } catch (JsonParseException
        | IllegalStateException
        | NullPointerException
        | NoSuchElementException _) {
      return NONE; // a service that has just been started knows of no group and no pool yet
    }
  }

  private static Resource resource(JsonObject json) {
    var statistics = json.getAsJsonObject("statistics");
    return new Resource(
        json.get("name").getAsString(),
        word(json, "role", "ROLE_"),
        json.get("complete").getAsBoolean(),
        word(json, "disk", "DISK_STATE_"),
        word(json, "refusal_reason", ""),
        json.get("dirty_bytes").getAsLong(),
        statistics.get("received_bytes").getAsLong());
  }

  private static JsonObject only(JsonObject root, String list) {
    return elements(root.getAsJsonArray(list)).getFirst();
  }

  private static List<JsonObject> elements(JsonArray array) {
    return StreamSupport.stream(array.spliterator(), false)
        .map(element -> element.getAsJsonObject())
        .toList();
  }

  private static String word(JsonObject json, String key, String prefix) {
    return json.get(key).getAsString().replaceFirst("^" + prefix, "");
  }

  boolean master() {
    return carp.equals("MASTER");
  }

  boolean serving() {
    return known && pool.equals("SERVING");
  }

  /// Three disks in this role, and equal to the peer's.
  boolean completeAs(String role) {
    return resources.size() == 3
        && resources.stream().allMatch(each -> each.role.equals(role) && each.complete);
  }

  boolean standsBy() {
    return known && carp.equals("BACKUP") && pool.equals("STANDBY") && completeAs("SECONDARY");
  }

  boolean servesInStep() {
    return serving() && master() && completeAs("PRIMARY");
  }

  boolean splitBrain() {
    return resources.stream().anyMatch(each -> each.refusal.equals("SPLIT_BRAIN"));
  }

  long receivedBytes() {
    return resources.stream().mapToLong(Resource::receivedBytes).sum();
  }

  long dirtyBytes() {
    return resources.stream().mapToLong(Resource::dirtyBytes).sum();
  }
}
