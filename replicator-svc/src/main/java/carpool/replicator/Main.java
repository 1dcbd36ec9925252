package carpool.replicator;

import carpool.kit.boot.ServiceMain;
import carpool.replicator.offline.OfflineCommand;

/// `carpool-replicator --config FILE --node NAME`, and `carpool-replicator create|dump …`, which
/// work on the provider without a running service.
public final class Main {
  private Main() {}

  static void main(String[] args) {
    if (args.length > 0 && OfflineCommand.handles(args[0])) {
      System.exit(OfflineCommand.run(args));
    }
    ServiceMain.run("replicator", args, _ -> new ReplicatorModule());
  }
}
