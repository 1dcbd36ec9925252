package carpool.election;

import carpool.kit.boot.ServiceMain;

/// `carpool-election --config FILE --node NAME`.
public final class Main {
  private Main() {}

  static void main(String[] args) {
    ServiceMain.run("election", args, _ -> new ElectionModule());
  }
}
