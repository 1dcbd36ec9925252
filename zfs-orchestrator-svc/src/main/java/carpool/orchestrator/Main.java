package carpool.orchestrator;

import carpool.kit.boot.ServiceMain;

/// `carpool-orchestrator --config FILE --node NAME`.
public final class Main {
  private Main() {}

  static void main(String[] args) {
    ServiceMain.run("orchestrator", args, _ -> new OrchestratorModule());
  }
}
