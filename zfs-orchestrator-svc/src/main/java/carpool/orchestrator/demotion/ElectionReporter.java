package carpool.orchestrator.demotion;

import carpool.election.v1.DemoteRequest;
import carpool.election.v1.Group;
import carpool.election.v1.ReportRequest;
import carpool.election.v1.ResignRequest;
import carpool.election.v1.UndemoteRequest;
import carpool.kit.loop.Guarded;
import carpool.orchestrator.peers.ElectionPeer;
import carpool.orchestrator.peers.Refusals;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Tells the election service that this node lives, which groups it serves, and what stands against
/// it, on one thread, in order. What stands there is compared with what should, so a restarted
/// election service is told everything again.
public final class ElectionReporter {
  private static final String REPORT = "the report to the election";
  private static final Logger LOG = LoggerFactory.getLogger("carpool.orchestrator");
  private static final long EVERY_MILLIS = 3_000;
  private static final long NEXT_WITHIN_MILLIS = 10_000;
  private static final int SILENT_MAX = 2;

  /// A process that has just started says nothing of what it has not found out yet, for so long: a
  /// role that was kept over the restart would be lost by it. Shorter than the silence that the
  /// election allows.
  private static final long PLACE_NANOS = Duration.ofSeconds(8).toNanos();

  private final ElectionPeer election;
  private final CauseBoard causes;
  private final Supplier<List<String>> readyGroups;
  private final BooleanSupplier placed;
  private final BooleanSupplier alive;
  private final Consumer<Group> onGroup;
  private final ScheduledExecutorService worker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("election-report").daemon(true).factory());
  private final AtomicBoolean waiting = new AtomicBoolean();
  private final long startedNanos = System.nanoTime();
  private volatile long nextWithinMillis = NEXT_WITHIN_MILLIS;
  private int silent;

  /// Tells nothing before [#start].
  ///
  /// @param placed every pool has found its place since the start of this process
  /// @param alive false: this process could not carry out a step, so nothing is reported, and the
  ///   election demotes this node
  public ElectionReporter(
      ElectionPeer election,
      CauseBoard causes,
      Supplier<List<String>> readyGroups,
      BooleanSupplier placed,
      BooleanSupplier alive,
      Consumer<Group> onGroup) {
    this.election = election;
    this.causes = causes;
    this.readyGroups = readyGroups;
    this.placed = placed;
    this.alive = alive;
    this.onGroup = onGroup;
  }

  public void start() {
    var _ =
        worker.scheduleWithFixedDelay(
            Guarded.task(REPORT, this::report), EVERY_MILLIS, EVERY_MILLIS, TimeUnit.MILLISECONDS);
  }

  /// Something that is told has changed; several changes at a time are told together.
  public void soon() {
    if (waiting.compareAndSet(false, true)) {
      submit(() -> {
        waiting.set(false);
        report();
      });
    }
  }

  /// Another process is about to go on reporting: until then this one's last report counts.
  public void lastFor(Duration hold) {
    nextWithinMillis = hold.toMillis();
    soon();
  }

  /// After everything that was told before.
  public void resign(List<String> groups, String cause) {
    submit(() -> {
      var names = String.join(", ", groups);
      LOG.info("group {}: resigning: {}", names, cause);
      try {
        var _ =
            election
                .stub()
                .resign(ResignRequest.newBuilder().addAllGroups(groups).setCause(cause).build());
      } catch (StatusRuntimeException e) {
        LOG.warn("group {}: could not resign: {}", names, Refusals.text(e));
      }
    });
  }

  public void close(Duration deadline) throws InterruptedException {
    worker.shutdown();
    if (!worker.awaitTermination(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
      worker.shutdownNow();
    }
  }

  private void submit(Runnable work) {
    if (!worker.isShutdown()) {
      worker.execute(Guarded.task(REPORT, work));
    }
  }

  private void report() {
    if (!election.problem().isEmpty() || !maySpeak() || !alive.getAsBoolean()) {
      return;
    }
    try {
      var _ =
          election
              .stub()
              .report(
                  ReportRequest.newBuilder()
                      .setNextWithinMillis(nextWithinMillis)
                      .addAllReadyGroups(readyGroups.get())
                      .build());
      for (var group : election.status().getGroupsList()) {
        onGroup.accept(group);
        causes.changes(group.getName(), group.getDemotionsList()).forEach(this::tell);
      }
      silent = 0;
    } catch (StatusRuntimeException e) {
      silent++;
      LOG.warn("election: {}", Refusals.text(e));
      if (silent >= SILENT_MAX) {
        silent = 0;
        election.silent(Refusals.text(e));
      }
    }
  }

  private boolean maySpeak() {
    return placed.getAsBoolean() || System.nanoTime() - startedNanos >= PLACE_NANOS;
  }

  private void tell(CauseBoard.Change change) {
    if (change.text() == null) {
      var _ =
          election
              .stub()
              .undemote(
                  UndemoteRequest.newBuilder()
                      .addGroups(change.group())
                      .setCause(change.cause().word())
                      .build());
    } else {
      var _ =
          election
              .stub()
              .demote(
                  DemoteRequest.newBuilder()
                      .addGroups(change.group())
                      .setCause(change.cause().word())
                      .setAmount(change.cause().amount())
                      .setIneligible(change.cause().ineligible())
                      .setText(change.text())
                      .build());
    }
  }
}
