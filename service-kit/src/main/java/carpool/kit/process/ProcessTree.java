package carpool.kit.process;

/// A program and what it has started.
public final class ProcessTree {
  private ProcessTree() {}

  /// Kills the program, then its children: one that outlived a child of its would go on.
  public static void kill(Process program) {
    // Collected first: children of a dead process are no longer its descendants.
    try (var descendants = program.descendants()) {
      var children = descendants.toList();
      program.destroyForcibly();
      children.forEach(ProcessHandle::destroyForcibly);
    }
  }
}
