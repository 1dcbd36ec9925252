package carpool.orchestrator.control;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class MachineTest {

  @Test
  void capabilitiesAreReadFromTheSetThatCounts() {
    var status = "Name:\tjava\nCapPrm:\t0000000000000000\nCapEff:\t000001ffffffffff\n";
    assertThat(Machine.effective(status)).contains(0x1ff_ffff_ffffL);
    assertThat(Machine.effective("Name:\tjava\n")).isEmpty();
  }

  @Test
  void whatIsMissingIsNamedWithItsUse() {
    assertThat(Machine.missing(0x1ff_ffff_ffffL)).isEmpty();
    assertThat(Machine.missing(1 << 12 | 1 << 21))
        .containsExactly("CAP_NET_RAW (carpool-election sends CARP packets)");
  }
}
