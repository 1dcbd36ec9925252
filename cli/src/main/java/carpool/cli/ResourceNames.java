package carpool.cli;

import java.util.List;

/// Operands that name resources.
final class ResourceNames {

  private ResourceNames() {}

  /// What the contracts take: `all` as the first word, or nothing, is every configured resource.
  static List<String> of(List<String> words) {
    return !words.isEmpty() && words.getFirst().equals("all") ? List.of() : List.copyOf(words);
  }
}
