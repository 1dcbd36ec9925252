package carpool.replicator.device;

import carpool.kit.config.CarpoolConfig.DeviceKind;
import java.util.ArrayList;

/// Which way an export becomes a device on this machine, and why not another (nbd.md 17).
///
/// @param way how
/// @param problem why there is no device although one was asked for; empty when all is well
record DeviceChoice(Way way, String problem) {

  /// How an NBD socket becomes a file that programs open.
  enum Way {
    /// `/dev/nbdN` of the kernel, and a symbolic link to it.
    KERNEL,
    /// nbdfuse, mounted on a plain file.
    FUSE,
    /// None.
    NONE
  }

  /// What this machine has.
  ///
  /// @param kernelNbd the nbd driver is there
  /// @param fuse `/dev/fuse` can be opened
  record Host(
      boolean kernelNbd, boolean nbdClient, boolean fuse, boolean nbdfuse, boolean nbdkit) {}

  static DeviceChoice choose(DeviceKind wanted, Host host) {
    var kernelLacks = kernelLacks(host);
    var fuseLacks = fuseLacks(host);
    return switch (wanted) {
      case NONE -> new DeviceChoice(Way.NONE, "");
      case NBD -> pick(Way.KERNEL, kernelLacks);
      case NBDFUSE -> pick(Way.FUSE, fuseLacks);
      case AUTO -> {
        if (kernelLacks.isEmpty() || fuseLacks.isEmpty()) {
          yield new DeviceChoice(kernelLacks.isEmpty() ? Way.KERNEL : Way.FUSE, "");
        }
        yield new DeviceChoice(
            Way.NONE, "no kernel device: " + kernelLacks + "; no FUSE device: " + fuseLacks);
      }
    };
  }

  private static DeviceChoice pick(Way way, String lacks) {
    return lacks.isEmpty() ? new DeviceChoice(way, "") : new DeviceChoice(Way.NONE, lacks);
  }

  private static String kernelLacks(Host host) {
    var lacks = new ArrayList<String>();
    if (!host.kernelNbd()) {
      lacks.add("the kernel has no nbd driver (modprobe nbd)");
    }
    if (!host.nbdClient()) {
      lacks.add("nbd-client is not installed");
    }
    if (!host.nbdkit()) {
      lacks.add("nbdkit is not installed");
    }
    return String.join(", ", lacks);
  }

  private static String fuseLacks(Host host) {
    var lacks = new ArrayList<String>();
    if (!host.fuse()) {
      lacks.add("/dev/fuse cannot be opened");
    }
    if (!host.nbdfuse()) {
      lacks.add("nbdfuse is not installed (Debian: libnbd-bin)");
    }
    if (!host.nbdkit()) {
      lacks.add("nbdkit is not installed");
    }
    return String.join(", ", lacks);
  }
}
