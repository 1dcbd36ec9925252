package carpool.orchestrator.control;

import carpool.kit.config.LoadedConfig;
import carpool.kit.config.PoolConfig;
import carpool.orchestrator.v1.ClientNetwork;
import carpool.orchestrator.v1.DiagnoseResponse;
import carpool.orchestrator.v1.Finding;
import carpool.orchestrator.v1.GetStatusResponse;
import carpool.orchestrator.v1.NetworkEvidence;
import carpool.orchestrator.v1.Verdict;
import carpool.replicator.v1.Role;
import java.io.File;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Checks of the machine and the pair that need no other machine's help.
final class Diagnosis {
  private final LoadedConfig loaded;
  private final Machine machine;

  Diagnosis(LoadedConfig loaded) {
    this.loaded = loaded;
    this.machine = new Machine(loaded.config());
  }

  DiagnoseResponse.Builder of(GetStatusResponse status) {
    var out = DiagnoseResponse.newBuilder();
    for (var problem : List.of(status.getElectionProblem(), status.getReplicatorProblem())) {
      if (!problem.isEmpty()) {
        out.addFindings(finding("services", Verdict.VERDICT_FAILED, problem, "start it"));
      }
    }
    out.addAllFindings(machine.findings());
    tools().forEach(tool -> out.addFindings(tool(tool)));
    for (var group : loaded.config().election()) {
      out.addFindings(networkInterface(group.interfaceName()));
    }
    status.getClientNetworksList().forEach(network -> out.addFindings(clientNetwork(network)));
    for (var resource : status.getResourcesList()) {
      if (resource.getRole() == Role.ROLE_PRIMARY) {
        var ready = resource.getExport().getDeviceReady();
        out.addFindings(
            finding(
                "device of " + resource.getName(),
                ready ? Verdict.VERDICT_OK : Verdict.VERDICT_FAILED,
                ready ? resource.getExport().getDevicePath() : resource.getExport().getProblem(),
                ready ? "" : "carpool status shows what the replicator says of it"));
      }
    }
    for (var pool : status.getPoolsList()) {
      if (!pool.getProblem().isEmpty()) {
        out.addFindings(
            finding(
                "pool " + pool.getName(),
                Verdict.VERDICT_WARNING,
                pool.getProblem(),
                pool.getHint()));
      }
    }
    return out;
  }

  private Set<String> tools() {
    var tools = new LinkedHashSet<String>();
    for (var pool : loaded.config().pools()) {
      if (pool.type() == PoolConfig.Kind.ZFS) {
        tools.addAll(List.of("zpool", "zfs"));
      } else {
        tools.addAll(List.of("mount", "umount"));
        pool.fsck().stream().findFirst().ifPresent(tools::add);
      }
      for (var service : pool.services()) {
        for (var argv : List.of(service.start(), service.stop(), service.check())) {
          argv.stream().findFirst().ifPresent(tools::add);
        }
      }
    }
    loaded.config().hooks().forEach(hook -> tools.add(hook.run().getFirst()));
    return tools;
  }

  private static Finding tool(String tool) {
    var found = find(tool);
    return found.isPresent()
        ? finding("tool " + tool, Verdict.VERDICT_OK, found.get().toString(), "")
        : finding(
            "tool " + tool,
            Verdict.VERDICT_FAILED,
            "not found in the PATH of the service",
            "install it, or give its whole path in carpool.yaml");
  }

  private static Optional<Path> find(String tool) {
    if (tool.contains("/")) {
      return Optional.of(Path.of(tool)).filter(Files::isExecutable);
    }
    var path = System.getenv("PATH");
    for (var dir : List.of((path == null ? "" : path).split(File.pathSeparator, -1))) {
      var file = Path.of(dir.isEmpty() ? "." : dir, tool);
      if (Files.isExecutable(file) && !Files.isDirectory(file)) {
        return Optional.of(file);
      }
    }
    return Optional.empty();
  }

  /// Without a host that answers, a silent cut leaves the pool where no client reaches it.
  private static Finding clientNetwork(ClientNetwork network) {
    var check = "clients' network of " + network.getGroup();
    if (!network.getProblem().isEmpty()) {
      return finding(check, Verdict.VERDICT_FAILED, network.getProblem(), "repair the network");
    }
    if (network.getEvidence() == NetworkEvidence.NETWORK_EVIDENCE_TARGET) {
      return network.getCut()
          ? finding(
              check,
              Verdict.VERDICT_WARNING,
              network.getText(),
              "is the host up, and does it answer a ping? `reachable` names which are asked")
          : finding(check, Verdict.VERDICT_OK, network.getText(), "");
    }
    return finding(
        check,
        Verdict.VERDICT_WARNING,
        network.getText() + "; no gateway that answers a ping was found",
        "name hosts that do in `reachable` of the group, so that a silent cut can be told from a"
            + " quiet network");
  }

  private static Finding networkInterface(String name) {
    var check = "interface " + name;
    try {
      var found = NetworkInterface.getByName(name);
      if (found == null) {
        return finding(
            check, Verdict.VERDICT_FAILED, "there is no such interface", "ip link shows them");
      }
      return found.isUp()
          ? finding(check, Verdict.VERDICT_OK, "up, MTU " + found.getMTU(), "")
          : finding(check, Verdict.VERDICT_FAILED, "is down", "ip link set " + name + " up");
    } catch (SocketException e) {
      return finding(check, Verdict.VERDICT_WARNING, "could not be read: " + e.getMessage(), "");
    }
  }

  static Finding finding(String check, Verdict verdict, String found, String hint) {
    return Finding.newBuilder()
        .setCheck(check)
        .setVerdict(verdict)
        .setFound(found)
        .setHint(hint)
        .build();
  }
}
