package carpool.orchestrator.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;

final class RoutesTest {
  private static final String TABLE =
      """
      Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
      eth1\t00000000\t0102A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
      eth0\t00000000\t0103A8C0\t0003\t0\t0\t200\t00000000\t0\t0\t0
      eth0\t0003A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
      tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0
      """;

  @Test
  void theDefaultRouteThroughTheInterfaceNamesTheGateway() {
    assertThat(Routes.gateway(TABLE, "eth0")).contains(InetAddress.ofLiteral("192.168.3.1"));
    assertThat(Routes.gateway(TABLE, "eth1")).contains(InetAddress.ofLiteral("192.168.2.1"));
  }

  @Test
  void anInterfaceWithoutGatewayHasNone() {
    assertThat(Routes.gateway(TABLE, "tun0")).isEmpty();
    assertThat(Routes.gateway(TABLE, "eth9")).isEmpty();
    assertThat(Routes.gateway("", "eth0")).isEmpty();
  }

  @Test
  void thisMachineAnswersItself() throws InterruptedException {
    var self = InetAddress.getLoopbackAddress();

    assertThat(Signs.answering(java.util.List.of(self))).contains(self);
    assertThat(Signs.received("lo")).isNotNegative();
    assertThat(Signs.received("no-such-interface")).isEqualTo(-1);
  }
}
