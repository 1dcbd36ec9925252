package carpool.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/// What a node's three services need with three resources.
@Tag("e2e")
@ExtendWith(SharedLab.class)
class MemoryIT {
  private static final long LIMIT_KIB = 512 * 1024;

  /// Resident memory of the three services, shared pages counted once for all who have them.
  private static final String SUM =
      """
      for service in replicator election orchestrator; do
        pid=$(s6-svstat -o pid /run/service/carpool-$service)
        sed -n 's/^Pss: *\\([0-9]*\\) kB/\\1/p' /proc/$pid/smaps_rollup
      done
      """;

  @Test
  void threeServicesStayWithin512MiBUnderLoad(Lab lab) throws Exception {
    var first = lab.serving();
    lab.writer.start();
    Lab.must(first, "sh", "-c", "dd if=/dev/urandom of=/zhast/data/load bs=1M count=30 conv=fsync");
    lab.writer.writesAgain();
    for (var node : lab.nodes()) {
      var sizes = node.run("sh", "-c", SUM).output().lines().map(Long::parseLong).toList();
      System.out.println(node.nodeName() + ": replicator, election, orchestrator KiB " + sizes);
      assertThat(sizes).hasSize(3);
      assertThat(sizes.stream().mapToLong(Long::longValue).sum()).isLessThan(LIMIT_KIB);
    }
    Lab.must(first, "rm", "/zhast/data/load");
    lab.awaitSteady();
    lab.writer.stopAndFindEverything("30 MiB of load");
  }
}
