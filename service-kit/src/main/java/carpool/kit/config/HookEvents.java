package carpool.kit.config;

import java.util.List;

/// The events a hook can be bound to; CARPOOL_EVENT carries the same word.
public final class HookEvents {
  /// Every event name, sorted.
  public static final List<String> ALL =
      List.of(
          "backup",
          "client-network",
          "config-difference",
          "connect",
          "disconnect",
          "disk-error",
          "failed",
          "give-up",
          "init",
          "maintenance",
          "master",
          "pool-health",
          "role",
          "service-failed",
          "serving",
          "split-brain",
          "step-after",
          "step-before",
          "stopped",
          "switchover",
          "sync-complete",
          "sync-interrupted",
          "sync-start",
          "takeover",
          "witness-back",
          "witness-lost");

  private HookEvents() {}
}
