package carpool.orchestrator.control;

import static carpool.orchestrator.control.Diagnosis.finding;

import carpool.kit.config.CarpoolConfig;
import carpool.kit.config.HostPort;
import carpool.orchestrator.v1.Finding;
import carpool.orchestrator.v1.Verdict;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What this machine gives the services: capabilities, device drivers, listeners.
final class Machine {
  private static final int CONNECT_MILLIS = 500;

  /// Bits of capability sets, linux/capability.h.
  private enum Need {
    CAP_NET_ADMIN(12, "carpool-election adds and removes the shared address"),
    CAP_NET_RAW(13, "carpool-election sends CARP packets"),
    CAP_SYS_ADMIN(21, "pools are imported and mounted, devices attached");

    final int bit;
    final String why;

    Need(int bit, String why) {
      this.bit = bit;
      this.why = why;
    }
  }

  private final CarpoolConfig config;

  Machine(CarpoolConfig config) {
    this.config = config;
  }

  List<Finding> findings() {
    var out = new ArrayList<Finding>();
    out.add(capabilities());
    out.add(devices());
    config
        .controlListen()
        .ifPresent(at -> out.add(listener("control", at, "carpool-orchestrator")));
    config.metricsListen().ifPresent(at -> out.add(listener("metrics", at, "one of the services")));
    return out;
  }

  private static Finding capabilities() {
    try {
      var effective = effective(Files.readString(Path.of("/proc/self/status")));
      if (effective.isEmpty()) {
        return finding("capabilities", Verdict.VERDICT_WARNING, "not known on this system", "");
      }
      var missing = missing(effective.get());
      return missing.isEmpty()
          ? finding("capabilities", Verdict.VERDICT_OK, "all that are needed", "")
          : finding(
              "capabilities",
              Verdict.VERDICT_FAILED,
              "missing: " + String.join("; ", missing),
              "run the services as root, or in a container with these capabilities");
    } catch (IOException e) {
      return finding("capabilities", Verdict.VERDICT_WARNING, "could not be read: " + e, "");
    }
  }

  /// The set that counts, from the text of /proc/PID/status.
  static Optional<Long> effective(String status) {
    return status
        .lines()
        .filter(line -> line.startsWith("CapEff:"))
        .map(line -> Long.parseUnsignedLong(line.substring("CapEff:".length()).strip(), 16))
        .findFirst();
  }

  static List<String> missing(long effective) {
    var missing = new ArrayList<String>();
    for (var need : Need.values()) {
      if ((effective >> need.bit & 1) == 0) {
        missing.add(need.name() + " (" + need.why + ")");
      }
    }
    return missing;
  }

  private Finding devices() {
    var kernel = Files.exists(Path.of("/dev/nbd0"));
    var fuse = Files.exists(Path.of("/dev/fuse"));
    var there =
        switch (config.device()) {
          case NONE -> true;
          case NBD -> kernel;
          case NBDFUSE -> fuse;
          case AUTO -> kernel || fuse;
        };
    var found =
        (kernel ? "/dev/nbd0" : "no /dev/nbd0") + ", " + (fuse ? "/dev/fuse" : "no /dev/fuse");
    return finding(
        "device drivers",
        there ? Verdict.VERDICT_OK : Verdict.VERDICT_FAILED,
        found,
        there ? "" : "modprobe nbd, or modprobe fuse and install nbdfuse and nbdkit");
  }

  private static Finding listener(String use, HostPort at, String owner) {
    var check = "listener " + use;
    var host = at.host();
    try (var socket = new Socket()) {
      var address = at.resolve();
      var target =
          address.getAddress().isAnyLocalAddress()
              ? new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), address.getPort())
              : address;
      socket.connect(target, CONNECT_MILLIS);
      return finding(check, Verdict.VERDICT_OK, "answers at " + host + ":" + at.port(), "");
    } catch (IOException e) {
      return finding(
          check,
          Verdict.VERDICT_FAILED,
          "nobody answers at " + host + ":" + at.port() + ": " + e.getMessage(),
          "look at the log of " + owner);
    }
  }
}
