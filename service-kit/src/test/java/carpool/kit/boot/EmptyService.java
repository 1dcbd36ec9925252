package carpool.kit.boot;

import com.google.inject.AbstractModule;

/// A service with nothing of its own: what the kit gives, as a process.
public final class EmptyService {

  private EmptyService() {}

  /// Runs as `carpool-replicator` would.
  public static void main(String[] args) {
    ServiceMain.run("replicator", args, _ -> new AbstractModule() {});
  }
}
