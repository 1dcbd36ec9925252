package carpool.replicator;

/// Lets tests of other packages start the service as a process.
public final class MainForTests {
  private MainForTests() {}

  /// As [Main].
  public static void main(String[] args) {
    Main.main(args);
  }
}
