package carpool.kit.config;

import java.util.ArrayList;
import java.util.List;

/// Collects what is wrong, so that an administrator sees everything in one go.
final class Problems {
  private final List<ConfigProblem> found = new ArrayList<>();

  void add(String file, int line, int column, String what, String allowed) {
    found.add(new ConfigProblem(file, line, column, what, allowed));
  }

  void addAll(List<ConfigProblem> more) {
    found.addAll(more);
  }

  boolean isEmpty() {
    return found.isEmpty();
  }

  int count() {
    return found.size();
  }

  List<ConfigProblem> sorted() {
    return found.stream().distinct().sorted().toList();
  }

  void throwIfAny() throws ConfigException {
    if (!found.isEmpty()) {
      throw new ConfigException(sorted());
    }
  }
}
