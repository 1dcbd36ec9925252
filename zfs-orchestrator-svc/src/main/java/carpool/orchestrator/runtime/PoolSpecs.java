package carpool.orchestrator.runtime;

import carpool.kit.config.CarpoolConfig;
import carpool.kit.config.HastConfig;
import carpool.kit.config.PoolConfig;
import carpool.orchestrator.core.PoolSpec;
import carpool.orchestrator.pool.FileSystemPool;
import carpool.orchestrator.pool.PoolAccess;
import carpool.orchestrator.pool.ZfsPool;
import java.nio.file.Path;
import java.util.List;

/// From the configuration to what the parts take.
public final class PoolSpecs {
  private PoolSpecs() {}

  public static PoolSpec spec(PoolConfig pool, CarpoolConfig config) {
    var timeouts = pool.timeouts();
    return new PoolSpec(
        pool.name(),
        pool.follows(),
        switch (pool.type()) {
          case ZFS -> PoolSpec.Kind.ZFS;
          case FILESYSTEM -> PoolSpec.Kind.FILESYSTEM;
        },
        pool.resources(),
        pool.services().stream()
            .map(service ->
                new PoolSpec.Service(
                    service.name(),
                    !service.check().isEmpty(),
                    switch (service.onFailure()) {
                      case RESTART -> PoolSpec.OnFailure.RESTART;
                      case FAILOVER -> PoolSpec.OnFailure.FAILOVER;
                      case IGNORE -> PoolSpec.OnFailure.IGNORE;
                    },
                    service.timeout().toNanos(),
                    service.interval().toNanos()))
            .toList(),
        !pool.lastResort().isEmpty(),
        pool.failWindow().toNanos(),
        new PoolSpec.Deadlines(
            timeouts.promote().toNanos(),
            timeouts.device().toNanos(),
            timeouts.importPool().toNanos(),
            timeouts.exportPool().toNanos(),
            timeouts.demote().toNanos(),
            config.replicator().hold().toNanos(),
            config.fencing().map(fencing -> fencing.timeout().toNanos()).orElse(0L)));
  }

  public static PoolAccess access(PoolConfig pool, CarpoolConfig config, HastConfig hast) {
    return switch (pool.type()) {
      case ZFS -> new ZfsPool(pool.name(), config.deviceDir(), pool.mountpoint(), pool.loadKey());
      case FILESYSTEM ->
          new FileSystemPool(
              config.deviceDir().resolve(provname(pool.resources().getFirst(), hast)),
              pool.mountpoint().orElseThrow(),
              pool.fsck(),
              pool.fstype(),
              config.runtimeDir().resolve("mounted-" + pool.name()));
    };
  }

  /// The other node of the pair, as hast.conf names it; empty with `remote none`.
  public static String peer(PoolConfig pool, HastConfig hast) {
    return hast.resources().stream()
        .filter(resource -> resource.name().equals(pool.resources().getFirst()))
        .flatMap(resource -> resource.peer().stream())
        .map(peer -> peer.node().value())
        .findFirst()
        .orElse("");
  }

  /// Where the resources of the pool appear while they are primary here.
  public static List<Path> devices(PoolConfig pool, CarpoolConfig config, HastConfig hast) {
    return pool.resources().stream()
        .map(resource -> config.deviceDir().resolve(provname(resource, hast)))
        .toList();
  }

  /// The device is named like the export, which hast.conf may name differently from the resource.
  private static String provname(String resource, HastConfig hast) {
    return hast.resources().stream()
        .filter(r -> r.name().equals(resource))
        .map(r -> r.local().provname())
        .findFirst()
        .orElse(resource);
  }
}
