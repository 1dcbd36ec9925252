package carpool.cli.output;

import carpool.election.v1.Group;
import carpool.election.v1.State;
import carpool.kit.text.HumanNumber;
import carpool.orchestrator.v1.Failback;
import carpool.orchestrator.v1.Failover;
import carpool.orchestrator.v1.GetStatusResponse;
import carpool.orchestrator.v1.Pool;
import carpool.orchestrator.v1.ServiceState;
import carpool.replicator.v1.DiskState;
import carpool.replicator.v1.LinkState;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import carpool.replicator.v1.SyncState;
import carpool.replicator.v1.Witness;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/// The page of `carpool status`: node, CARP, pools, resources, last failover.
public final class StatusPage {
  private static final int BAR_CELLS = 20;

  private final PrintStream out;
  private final Paint paint;
  private final Instant now;

  /// A page printed to `out`; ages are measured from `now`.
  public StatusPage(PrintStream out, Paint paint, Instant now) {
    this.out = out;
    this.paint = paint;
    this.now = now;
  }

  /// Prints everything the orchestrator told.
  public void print(GetStatusResponse status) {
    print(status, WitnessWords.byPool(status.getResourcesList()));
  }

  /// Prints what is left of a status, and the witnesses of the pools in it.
  public void print(GetStatusResponse status, Map<String, Witness> witnesses) {
    head(status, witnesses.values());
    groups(status.getGroupsList());
    status.getFailbacksList().forEach(this::failback);
    pools(status.getPoolsList(), witnesses);
    resources(status.getResourcesList());
    var shownPools = status.getPoolsList().stream().map(Pool::getName).toList();
    WitnessWords.byPool(status.getResourcesList())
        .forEach((pool, witness) -> {
          if (!shownPools.contains(pool)) {
            witness(paint.bold("witness of " + pool), witness);
          }
        });
    status.getLastFailoversList().forEach(this::failover);
    // What the election has been told stands with its group already.
    var shown =
        status.getGroupsList().stream()
            .flatMap(group -> group.getDemotionsList().stream())
            .map(demotion -> demotion.getCause())
            .toList();
    status.getDemotionsList().stream()
        .filter(d -> !shown.contains(d.getCause()))
        .map(d -> "demoted by " + d.getAmount() + " (" + d.getCause() + "): " + d.getText())
        .forEach(this::warning);
    for (var failed : status.getFailCountsList()) {
      warning(
          "%s: pool %s, %s failed %d times, last %s ago: %s; carpool pool clear there forgets it"
              .formatted(
                  failed.getNode(),
                  failed.getPool(),
                  failed.getWhat(),
                  failed.getCount(),
                  Words.since(failed.getLastUnixMillis(), now),
                  failed.getText()));
    }
    status.getWarningsList().forEach(this::warning);
    if (status.getConfigDiffers()) {
      warning("the two nodes have different configuration files; compare them, then restart");
    }
  }

  private void head(GetStatusResponse status, Collection<Witness> witnesses) {
    var process = status.getProcess();
    if (!process.getNode().isEmpty()) {
      out.println(
          paint.bold("node " + process.getNode())
              + "  cluster "
              + process.getCluster()
              + "  carpool "
              + process.getBuild().getVersion()
              + (status.getMaintenance() ? "  " + paint.warning("MAINTENANCE") : "")
              + (status.getUnmanaged() ? "  " + paint.warning("UNMANAGED") : ""));
    }
    if (status.hasReadiness()) {
      out.println(
          paint.bold("ready to fail over")
              + "  "
              + (status.getReadiness().getReady()
                  ? paint.good("yes") + withoutWitness(witnesses)
                  : paint.warning("no")
                      + "  "
                      + String.join("; ", status.getReadiness().getReasonsList())));
    }
    for (var problem : List.of(status.getElectionProblem(), status.getReplicatorProblem())) {
      if (!problem.isEmpty()) {
        out.println(paint.bad("problem") + "  " + problem);
      }
    }
  }

  /// The pair is ready for a switchover all the same, so this is a warning.
  private String withoutWitness(Collection<Witness> witnesses) {
    boolean silent =
        witnesses.stream().anyMatch(w -> WitnessWords.lost(w) && WitnessWords.neededForTakeover(w));
    return silent
        ? "  "
            + paint.warning(
                "the witness does not answer: when a node dies meanwhile, nobody serves until it"
                    + " does")
        : "";
  }

  /// The CARP part.
  public void groups(List<Group> groups) {
    for (var group : groups) {
      var state = Words.of(group.getState()).toUpperCase(java.util.Locale.ROOT);
      out.println(
          paint.bold("carp " + group.getName())
              + "  "
              + (group.getState() == State.STATE_INIT ? paint.bad(state) : paint.good(state))
              + "  vhid "
              + group.getVhid()
              + " on "
              + group.getInterface()
              + (group.getSyncGroup().isEmpty() ? "" : "  sync group " + group.getSyncGroup())
              + "  advskew "
              + group.getEffectiveAdvskew()
              + (group.getEffectiveAdvskew() == group.getAdvskew()
                  ? ""
                  : " (configured " + group.getAdvskew() + ")")
              + "  "
              + String.join(" ", group.getAddressesList())
              + (group.getAddressesPresent() ? " (here)" : "")
              + "  since "
              + Words.since(group.getSinceUnixMillis(), now)
              + (group.getReason().isEmpty() ? "" : "  (" + group.getReason() + ")"));
      for (var demotion : group.getDemotionsList()) {
        out.println(
            "  "
                + paint.warning("demoted")
                + " by "
                + demotion.getAmount()
                + ": "
                + demotion.getCause()
                + (demotion.getText().isEmpty() ? "" : " (" + demotion.getText() + ")"));
      }
      group.getWarningsList().forEach(this::warning);
    }
  }

  private void failback(Failback failback) {
    out.println(
        "  failback of "
            + failback.getGroup()
            + " to "
            + failback.getNode()
            + ": "
            + (failback.getProblem().isEmpty()
                ? failback.getText()
                : paint.warning(failback.getText())));
  }

  /// The pools and their services.
  public void pools(List<Pool> pools) {
    pools(pools, Map.of());
  }

  private void pools(List<Pool> pools, Map<String, Witness> witnesses) {
    for (var pool : pools) {
      out.println(
          paint.bold("pool " + pool.getName())
              + "  "
              + poolState(pool)
              + (pool.getHealth().isEmpty() ? "" : "  " + pool.getHealth())
              + "  since "
              + Words.since(pool.getSinceUnixMillis(), now)
              + (pool.getStep().isEmpty() ? "" : "  step " + pool.getStep())
              + (pool.getSizeBytes() > 0
                  ? "  %s of %s free"
                      .formatted(
                          HumanNumber.bytes(pool.getFreeBytes()),
                          HumanNumber.bytes(pool.getSizeBytes()))
                  : ""));
      if (!pool.getProblem().isEmpty()) {
        out.println("  " + paint.bad("problem") + "  " + pool.getProblem());
      }
      if (!pool.getHint().isEmpty()) {
        out.println("  what to do: " + pool.getHint());
      }
      for (var service : pool.getServicesList()) {
        var word = Words.of(service.getState());
        out.println(
            "  service "
                + service.getName()
                + "  "
                + (service.getState() == ServiceState.SERVICE_STATE_FAILED ? paint.bad(word) : word)
                + (service.getRestarts() > 0 ? "  restarts " + service.getRestarts() : "")
                + (service.getProblem().isEmpty() ? "" : "  " + service.getProblem().strip()));
      }
      var witness = witnesses.get(pool.getName());
      if (witness != null) {
        witness("  witness", witness);
      }
    }
  }

  private void witness(String head, Witness witness) {
    out.println(head + "  " + WitnessWords.line(witness, now, paint));
    boolean held = witness.getHeldSinceUnixMillis() != 0 || witness.getUnvouched();
    for (var alarm : WitnessWords.alarms(witness, now)) {
      out.println("  " + (held ? paint.bad("WITNESS") : paint.warning("witness")) + "  " + alarm);
    }
  }

  /// The resources as a table, then what is wrong with them.
  public void resources(List<Resource> resources) {
    if (resources.isEmpty()) {
      return;
    }
    var table = new Table("RESOURCE", "ROLE", "STATUS", "DISK", "LINK", "PEER", "DIRTY", "SYNC");
    for (var resource : resources) {
      table.row(
          resource.getName(),
          Words.of(resource.getRole()),
          status(resource),
          disk(resource),
          link(resource),
          peer(resource),
          HumanNumber.bytes(Math.max(0, resource.getDirtyBytes())),
          sync(resource));
    }
    table.print(out, "");
    for (var resource : resources) {
      if (resource.getResuming()) {
        warning(
            resource.getName()
                + ": I/O is held; the replicator was restarted and takes its role again when it"
                + " has met the other node");
      }
      if (resource.getFenced()) {
        warning(
            resource.getName()
                + ": fenced, clients wait: this primary must not go on, because its disk failed"
                + " without a peer to serve from, or because the other node has newer data or may"
                + " serve meanwhile. The orchestrator gives the pool up; by hand: carpool role secondary "
                + resource.getName());
      }
      if (resource.getSplitBrain()) {
        warning(
            resource.getName()
                + ": split brain; both copies are kept. Look: carpool split-brain show "
                + resource.getName());
      }
      if (resource.getSync().getDifferentBytes() > 0) {
        warning(
            resource.getName()
                + ": the last verification found "
                + HumanNumber.bytes(resource.getSync().getDifferentBytes())
                + " that differed"
                + (resource.getDirtyBytes() > 0
                    ? "; both versions are kept. Find out which copy is right; when that node is"
                        + " primary: carpool verify --repair --source local "
                        + resource.getName()
                    : "; the primary's were copied to the other node, and both versions are kept"));
      }
      if (!resource.getRefusalText().isEmpty()) {
        warning(resource.getName() + ": peer refused: " + resource.getRefusalText());
      }
      if (!resource.getExport().getProblem().isEmpty()) {
        warning(resource.getName() + ": no device: " + resource.getExport().getProblem());
      }
      resource.getWarningsList().forEach(w -> warning(resource.getName() + ": " + w));
    }
  }

  private void failover(Failover failover) {
    out.println(
        paint.bold("last " + failover.getKind())
            + "  "
            + failover.getPool()
            + "  "
            + Words.since(failover.getStartedUnixMillis(), now)
            + " ago, took "
            + Words.seconds(failover.getDurationMillis())
            + "  "
            + (failover.getDone() ? paint.good("done") : paint.bad("not done"))
            + (failover.getCause().isEmpty() ? "" : "  (" + failover.getCause() + ")")
            + (failover.getProblem().isEmpty() ? "" : "  " + failover.getProblem()));
    for (var step : failover.getStepsList()) {
      out.println(
          "  %-24s %10s  %s%s"
              .formatted(
                  step.getName(),
                  Words.seconds(step.getDurationMillis()),
                  Words.of(step.getOutcome()),
                  step.getText().isEmpty() ? "" : "  " + step.getText()));
    }
  }

  private void warning(String text) {
    out.println(paint.warning("warning") + "  " + text);
  }

  private String poolState(Pool pool) {
    var word = Words.of(pool.getState());
    return switch (pool.getState()) {
      case POOL_STATE_SERVING -> paint.good(word);
      case POOL_STATE_BLOCKED, POOL_STATE_CUT_OFF -> paint.bad(word);
      case POOL_STATE_TAKING_OVER, POOL_STATE_GIVING_UP, POOL_STATE_NO_POOL -> paint.warning(word);
      case POOL_STATE_STANDBY, POOL_STATE_UNSPECIFIED, UNRECOGNIZED -> word;
    };
  }

  private String status(Resource resource) {
    if (resource.getRole() == Role.ROLE_INIT || resource.getRole() == Role.ROLE_UNSPECIFIED) {
      return "-";
    }
    if (resource.getResuming()) {
      return paint.warning("resuming");
    }
    var word = HastctlForm.status(resource);
    return resource.getComplete() ? paint.good(word) : paint.warning(word);
  }

  private String disk(Resource resource) {
    var word = Words.of(resource.getDisk());
    return resource.getDisk() == DiskState.DISK_STATE_FAILED
            || resource.getDisk() == DiskState.DISK_STATE_INCONSISTENT
        ? paint.bad(word)
        : word;
  }

  private String link(Resource resource) {
    var word = Words.of(resource.getLink());
    return resource.getLink() == LinkState.LINK_STATE_REFUSED ? paint.bad(word) : word;
  }

  private static String peer(Resource resource) {
    return resource.getLink() == LinkState.LINK_STATE_CONNECTED
        ? resource.getPeerNode() + " " + Words.of(resource.getPeerRole())
        : Words.orDash(resource.getPeerNode());
  }

  private static String sync(Resource resource) {
    var sync = resource.getSync();
    var paused = sync.getPaused() ? " paused" : "";
    if (sync.getState() == SyncState.SYNC_STATE_NONE
        || sync.getState() == SyncState.SYNC_STATE_UNSPECIFIED) {
      return "-" + paused;
    }
    return Words.of(sync.getState())
        + paused
        + " "
        + bar(sync.getTotalBytes(), sync.getLeftBytes())
        + (sync.getRateBytesPerSecond() > 0
            ? " " + HumanNumber.bytes(sync.getRateBytesPerSecond()) + "/s"
            : "")
        + (sync.getRemainingSeconds() >= 0 && sync.getRateBytesPerSecond() > 0
            ? " " + Words.span(Duration.ofSeconds(sync.getRemainingSeconds())) + " left"
            : "");
  }

  /// `[########------------] 40%`.
  static String bar(long totalBytes, long leftBytes) {
    var done = totalBytes <= 0 ? 1.0 : Math.clamp(1.0 - (double) leftBytes / totalBytes, 0, 1);
    var cells = (int) (done * BAR_CELLS);
    // Only what is finished is 100 %.
    var percent = leftBytes > 0 ? Math.min(99, (int) (done * 100)) : 100;
    return "[" + "#".repeat(cells) + "-".repeat(BAR_CELLS - cells) + "] %3d%%".formatted(percent);
  }
}
