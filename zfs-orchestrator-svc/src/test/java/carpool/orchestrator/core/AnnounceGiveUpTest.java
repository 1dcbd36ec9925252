package carpool.orchestrator.core;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// The replicator is told before the pool is exported for a peer that lives, and told otherwise
/// when the node continues to serve.
final class AnnounceGiveUpTest {
  /// Export 20 s, demotion 10 s, two cuts of 5 s.
  private static final long WITHIN = 40;

  private final Bench bench = new Bench(Bench.zfs("web")).serving();

  AnnounceGiveUpTest() {
    bench.announced.clear();
  }

  @Test
  void giveUpIsAnnouncedWhenTheServicesHaveStopped() {
    bench.carp(Carp.BACKUP);
    assertThat(bench.announced).isEmpty();
    bench.done("stop web");
    assertThat(bench.announced).containsExactly(WITHIN);
    assertThat(bench.running()).isEqualTo("export");

    bench.done("export").done("demote").role(Role.SECONDARY);
    assertThat(bench.announced).containsExactly(WITHIN);
  }

  @Test
  void exportThatIsTriedAgainIsAnnouncedOnce() {
    bench.carp(Carp.BACKUP).done("stop web");
    bench.fails("export", Failure.Kind.FAILED).pass(1).inspected(true);
    assertThat(bench.running()).isEqualTo("export");
    assertThat(bench.announced).containsExactly(WITHIN);
  }

  /// Nobody takes over: what is left to write is written by this node alone.
  @Test
  void nothingIsAnnouncedWhenThePeerIsGone() {
    bench.peer(false, false, false).ask(new Command.Stop()).done("stop web");
    assertThat(bench.running()).isEqualTo("export");
    assertThat(bench.announced).isEmpty();
  }

  @Test
  void switchoverThatEndsInServingTakesItBack() {
    bench.ask(new Command.Switchover()).done("stop web");
    assertThat(bench.announced).containsExactly(WITHIN);
    bench.peer(false, false, false).fails("export", Failure.Kind.FAILED).pass(1).inspected(true);
    assertThat(bench.announced).containsExactly(WITHIN, 0L);
  }

  @Test
  void nodeThatIsMasterAgainTakesItBack() {
    bench.carp(Carp.BACKUP).done("stop web").carp(Carp.MASTER);
    bench.fails("export", Failure.Kind.FAILED).pass(1).inspected(true);
    assertThat(bench.announced).containsExactly(WITHIN, 0L);
  }

  /// The process before this one may have announced what it could not take back.
  @Test
  void newProcessThatServesTakesItBack() {
    var next = new Bench(Bench.zfs());
    next.resources(r -> r).carp(Carp.MASTER);
    assertThat(next.announced).containsExactly(0L);
  }
}
