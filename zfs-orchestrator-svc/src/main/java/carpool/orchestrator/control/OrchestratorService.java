package carpool.orchestrator.control;

import carpool.common.v1.Build;
import carpool.common.v1.ErrorDetail;
import carpool.common.v1.Process;
import carpool.election.v1.Demotion;
import carpool.kit.boot.ConfigReload;
import carpool.kit.boot.Version;
import carpool.kit.config.ConfigException;
import carpool.kit.config.LoadedConfig;
import carpool.kit.grpc.ServerStream;
import carpool.kit.grpc.ServiceError;
import carpool.orchestrator.core.Command;
import carpool.orchestrator.core.Phase;
import carpool.orchestrator.core.StepRecord;
import carpool.orchestrator.peers.Refusals;
import carpool.orchestrator.v1.ClearFailuresRequest;
import carpool.orchestrator.v1.ClearFailuresResponse;
import carpool.orchestrator.v1.DiagnoseRequest;
import carpool.orchestrator.v1.DiagnoseResponse;
import carpool.orchestrator.v1.ExplainRequest;
import carpool.orchestrator.v1.ExplainResponse;
import carpool.orchestrator.v1.ExportPoolRequest;
import carpool.orchestrator.v1.GetStatusRequest;
import carpool.orchestrator.v1.GetStatusResponse;
import carpool.orchestrator.v1.GetTimelineRequest;
import carpool.orchestrator.v1.GetTimelineResponse;
import carpool.orchestrator.v1.ImportPoolRequest;
import carpool.orchestrator.v1.OrchestratorGrpc;
import carpool.orchestrator.v1.ReloadRequest;
import carpool.orchestrator.v1.ReloadResponse;
import carpool.orchestrator.v1.SetMaintenanceRequest;
import carpool.orchestrator.v1.SetMaintenanceResponse;
import carpool.orchestrator.v1.SetUnmanagedRequest;
import carpool.orchestrator.v1.SetUnmanagedResponse;
import carpool.orchestrator.v1.SwitchoverProgress;
import carpool.orchestrator.v1.SwitchoverRequest;
import carpool.orchestrator.v1.TakeoverRequest;
import carpool.orchestrator.v1.WatchEvent;
import carpool.orchestrator.v1.WatchRequest;
import carpool.replicator.v1.CheckPromotionRequest;
import carpool.replicator.v1.PromotionVerdict;
import com.google.inject.Inject;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// `carpool.orchestrator.v1.Orchestrator`: thin; every decision is the pools' machines'.
public final class OrchestratorService extends OrchestratorGrpc.OrchestratorImplBase {
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  private final Node node;
  private final Process process;
  private final ConfigReload reload;
  private final Diagnosis diagnosis;
  private final Couple couple;

  /// For the injector.
  @Inject
  public OrchestratorService(Node node, LoadedConfig loaded, ConfigReload reload) {
    this.node = node;
    this.reload = reload;
    this.diagnosis = new Diagnosis(loaded);
    this.couple = new Couple(node, loaded);
    this.process =
        Process.newBuilder()
            .setPid(ProcessHandle.current().pid())
            .setStartedUnixMillis(System.currentTimeMillis())
            .setNode(loaded.node().value())
            .setCluster(loaded.config().cluster())
            .setBuild(Build.newBuilder().setVersion(Version.current()))
            .setConfigDigest(loaded.digest())
            .build();
  }

  @Override
  public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> answer) {
    answer.onNext(status());
    answer.onCompleted();
  }

  @Override
  public void reload(ReloadRequest request, StreamObserver<ReloadResponse> answer) {
    try {
      var outcome = reload.now();
      answer.onNext(
          ReloadResponse.newBuilder()
              .addAllChanges(outcome.applied())
              .addAllNeedsRestart(outcome.needsRestart())
              .build());
      answer.onCompleted();
    } catch (ConfigException e) {
      throw ConfigReload.refusal(e, reload.file());
    }
  }

  GetStatusResponse status() {
    var out = GetStatusResponse.newBuilder().setProcess(process);
    var pools = node.pools();
    pools.forEach(pool -> out.addPools(OrchestratorProtoMapper.pool(pool)));
    try {
      out.addAllGroups(node.election().status().getGroupsList());
    } catch (StatusRuntimeException e) {
      out.setElectionProblem("carpool-election does not answer: " + Refusals.text(e));
    }
    try {
      var replicator = node.replicator().status();
      out.addAllResources(replicator.getResourcesList())
          .setConfigDiffers(replicator.getConfigDiffers());
    } catch (StatusRuntimeException e) {
      out.setReplicatorProblem("carpool-replicator does not answer: " + Refusals.text(e));
    }
    out.setMaintenance(node.kept().getMaintenance().length() > 0)
        .setUnmanaged(node.kept().getUnmanaged().length() > 0);
    for (var cause : node.causes()) {
      out.addDemotions(
          Demotion.newBuilder()
              .setCause(cause.cause())
              .setAmount(cause.amount())
              .setSinceUnixMillis(cause.sinceUnixMillis())
              .setText(cause.text()));
    }
    for (var pool : pools) {
      node.passages().stream()
          .filter(passed -> passed.pool().equals(pool.spec().name()))
          .findFirst()
          .ifPresent(passed ->
              out.addLastFailovers(OrchestratorProtoMapper.failover(passed, process.getNode())));
    }
    node.networks().forEach(n -> out.addClientNetworks(OrchestratorProtoMapper.network(n)));
    var moves = node.moves();
    moves.forEach(m -> OrchestratorProtoMapper.failback(m).ifPresent(out::addFailbacks));
    out.addAllFailCounts(node.kept().getFailCountsList())
        .addAllFailCounts(node.peerNote().getFailCountsList());
    out.setReadiness(ReadinessRule.of(out, node.peerNote()));
    out.addAllWarnings(Sentences.warnings(pools, out, Instant.now()));
    moves.stream()
        .filter(m -> !m.refusal().isEmpty() && !m.cause().isEmpty())
        .filter(m -> m.peer() == null || !m.peer().wanted())
        .forEach(m ->
            out.addWarnings(
                m.cause() + "; the pools of group " + m.group() + " stay, because " + m.refusal()));
    return out.build();
  }

  @Override
  public void watch(WatchRequest request, StreamObserver<WatchEvent> answer) {
    var wanted = Set.copyOf(known(request.getPoolsList()));
    var stream = new ServerStream<>(answer);
    stream.onEnd(
        node.watch(
            happening -> {
              if (wanted.contains(happening.pool().spec().name())) {
                stream.send(OrchestratorProtoMapper.event(happening));
              }
            },
            stream::complete));
  }

  @Override
  public void switchover(SwitchoverRequest request, StreamObserver<SwitchoverProgress> answer) {
    var named = known(request.getPoolsList());
    var serving =
        node.pools().stream()
            .filter(pool -> named.contains(pool.spec().name()))
            .filter(pool ->
                !request.getPoolsList().isEmpty()
                    || pool.view().phase() == Phase.SERVING
                    || pool.view().phase() == Phase.NO_POOL)
            .toList();
    if (serving.isEmpty()) {
      throw new ServiceError(
          Status.Code.FAILED_PRECONDITION,
          RefusalReason.NOT_SERVING,
          "",
          "this node serves no pool",
          "run it on the node that serves; carpool status shows which one is MASTER");
    }
    // A group has one MASTER: all of its pools move together, and those of its sync group.
    var groups =
        serving.stream()
            .flatMap(pool -> node.movesWith(pool.spec().follows()).stream())
            .collect(Collectors.toSet());
    var moving = node.pools().stream().filter(p -> groups.contains(p.spec().follows())).toList();
    if (request.getPlan()) {
      new Plan(process.getNode(), couple, node).tell(moving, status().getResourcesList(), answer);
      return;
    }
    carryOut(
        moving.stream().map(pool -> pool.spec().name()).toList(),
        new Command.Switchover(),
        request.getDeadlineMillis(),
        answer);
  }

  @Override
  public void takeover(TakeoverRequest request, StreamObserver<SwitchoverProgress> answer) {
    if (request.getForce()) {
      var risk = risk();
      if (!request.getAcceptedRisk().equals(risk)) {
        throw new ServiceError(
            Status.Code.FAILED_PRECONDITION,
            RefusalReason.FORCE_NEEDED,
            "",
            "the risk of this takeover is: " + risk,
            "repeat exactly that sentence as accepted_risk");
      }
    }
    carryOut(known(request.getPoolsList()), new Command.TakeOver(request.getForce()), 0, answer);
  }

  private String risk() {
    return node
        .replicator()
        .stub(PATIENCE)
        .checkPromotion(CheckPromotionRequest.getDefaultInstance())
        .getVerdictsList()
        .stream()
        .map(PromotionVerdict::getRisk)
        .filter(risk -> !risk.isEmpty())
        .distinct()
        .collect(Collectors.joining(" "));
  }

  @Override
  public void importPool(ImportPoolRequest request, StreamObserver<SwitchoverProgress> answer) {
    carryOut(
        known(List.of(request.getPool())),
        new Command.Import(),
        request.getDeadlineMillis(),
        answer);
  }

  @Override
  public void exportPool(ExportPoolRequest request, StreamObserver<SwitchoverProgress> answer) {
    carryOut(
        known(List.of(request.getPool())),
        new Command.Export(request.getForce()),
        request.getDeadlineMillis(),
        answer);
  }

  private void carryOut(
      List<String> pools,
      Command command,
      long deadlineMillis,
      StreamObserver<SwitchoverProgress> answer) {
    if (deadlineMillis < 0) {
      throw new ServiceError(
          Status.Code.INVALID_ARGUMENT,
          RefusalReason.DEADLINE_INVALID,
          "",
          "deadline_millis is " + deadlineMillis,
          "0 for none, or a number of milliseconds");
    }
    new Progress(answer, node, pools.size()).run(pools, command, Duration.ofMillis(deadlineMillis));
  }

  @Override
  public void setMaintenance(
      SetMaintenanceRequest request, StreamObserver<SetMaintenanceResponse> answer) {
    var done =
        accepted(
            node.maintenance(
                request.getOn(), request.getCause().isBlank() ? "operator" : request.getCause()));
    answer.onNext(
        SetMaintenanceResponse.newBuilder()
            .setOn(request.getOn())
            .setMessage(
                done.stream().anyMatch(Node.IntentOutcome::pending)
                    ? "the pools are being given up; carpool watch shows the steps"
                    : "")
            .addAllResults(done.stream().map(OrchestratorProtoMapper::outcome).toList())
            .build());
    answer.onCompleted();
  }

  @Override
  public void setUnmanaged(
      SetUnmanagedRequest request, StreamObserver<SetUnmanagedResponse> answer) {
    var done =
        accepted(
            node.unmanaged(
                request.getOn(), request.getCause().isBlank() ? "operator" : request.getCause()));
    answer.onNext(
        SetUnmanagedResponse.newBuilder()
            .setOn(request.getOn())
            .addAllResults(done.stream().map(OrchestratorProtoMapper::outcome).toList())
            .build());
    answer.onCompleted();
  }

  @Override
  public void clearFailures(
      ClearFailuresRequest request, StreamObserver<ClearFailuresResponse> answer) {
    var pools = known(request.getPoolsList());
    var cleared =
        node.kept().getFailCountsList().stream()
            .filter(count -> pools.contains(count.getPool()))
            .toList();
    var left = new CountDownLatch(pools.size());
    pools.forEach(pool -> {
      var _ =
          node.ask(
              pool,
              new Command.ClearFailures(),
              Duration.ZERO,
              new Node.Listener() {
                @Override
                public void step(StepRecord step) {}

                @Override
                public void end(String reason, String text, String hint) {
                  left.countDown();
                }
              });
    });
    try {
      if (!left.await(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        throw Status.DEADLINE_EXCEEDED
            .withDescription("a pool does not answer")
            .asRuntimeException();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Status.CANCELLED.asRuntimeException();
    }
    node.forgetMoves(pools);
    answer.onNext(ClearFailuresResponse.newBuilder().addAllCleared(cleared).build());
    answer.onCompleted();
  }

  private static List<Node.IntentOutcome> accepted(Node.IntentAnswer answer) {
    if (!answer.reason().isEmpty()) {
      throw new ServiceError(
          Status.Code.FAILED_PRECONDITION,
          "nothing was changed: " + answer.text(),
          ErrorDetail.newBuilder().setReason(answer.reason()).setHint(answer.hint()).build());
    }
    return answer.outcomes();
  }

  @Override
  public void explain(ExplainRequest request, StreamObserver<ExplainResponse> answer) {
    answer.onNext(
        ExplainResponse.newBuilder()
            .addAllSentences(Sentences.explain(status(), Instant.now()))
            .build());
    answer.onCompleted();
  }

  @Override
  public void diagnose(DiagnoseRequest request, StreamObserver<DiagnoseResponse> answer) {
    var pair = new PairDiagnosis(couple.ask(), couple.note(""), process.getConfigDigest());
    answer.onNext(diagnosis.of(status()).addAllFindings(pair.findings()).build());
    answer.onCompleted();
  }

  @Override
  public void getTimeline(GetTimelineRequest request, StreamObserver<GetTimelineResponse> answer) {
    var count = Math.max(1, request.getCount());
    var other = couple.ask();
    var own = couple.failovers();
    var out =
        GetTimelineResponse.newBuilder()
            .setPeer(other.counterpart())
            .addAllWitnessChanges(node.witnessChanges());
    own.stream().limit(count).forEach(out::addFailovers);
    PairTimeline.moves(own, other.note().getFailoversList(), other.aheadMicros() / 1000).stream()
        .limit(count)
        .forEach(out::addMoves);
    answer.onNext(out.build());
    answer.onCompleted();
  }

  /// The pools asked for; none named: all.
  private List<String> known(List<String> named) {
    var all = node.pools().stream().map(pool -> pool.spec().name()).toList();
    for (String name : named) {
      if (!all.contains(name)) {
        throw new ServiceError(
            Status.Code.NOT_FOUND,
            RefusalReason.POOL_UNKNOWN,
            name,
            "no pool '" + name + "' in the configuration of this node",
            "one of " + String.join(", ", all));
      }
    }
    return named.isEmpty() ? all : List.copyOf(named);
  }
}
