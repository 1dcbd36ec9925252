package carpool.kit.config;

import java.util.List;
import java.util.Map;

/// What may stand after each keyword of hast.conf.
final class HastValues {
  private static final Map<String, List<String>> CHOICES =
      Map.of(
          "replication", List.of("fullsync", "memsync", "async"),
          "checksum", List.of("none", "crc32", "sha256", "crc32c"),
          "compression", List.of("none", "hole", "lzf", "lz4"),
          "metaflush", List.of("on", "off"));

  private HastValues() {}

  static boolean fits(String keyword, HastToken value) {
    var choices = CHOICES.get(keyword);
    if (choices != null) {
      return choices.contains(value.text());
    }
    return switch (keyword) {
      case "timeout" -> value.kind() == HastToken.Kind.NUMBER;
      case "remote" -> value.kind() == HastToken.Kind.STRING || value.is("none");
      default -> value.kind() == HastToken.Kind.STRING;
    };
  }

  static String allowed(String keyword) {
    var choices = CHOICES.get(keyword);
    if (choices != null) {
      return String.join(", ", choices);
    }
    return switch (keyword) {
      case "timeout" -> "seconds as digits without a unit, at least 1";
      case "remote" -> "an address, or none";
      case "source", "listen" -> "an address";
      case "name" -> "a device name that is neither digits only nor a reserved word";
      default -> "a path that is neither digits only nor a reserved word";
    };
  }
}
