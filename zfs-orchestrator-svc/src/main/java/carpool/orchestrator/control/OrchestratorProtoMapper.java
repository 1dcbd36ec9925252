package carpool.orchestrator.control;

import carpool.orchestrator.core.ClientSight;
import carpool.orchestrator.core.ClientSight.Evidence;
import carpool.orchestrator.core.GroupSight;
import carpool.orchestrator.core.PassageKind;
import carpool.orchestrator.core.PoolSpec;
import carpool.orchestrator.core.PoolView;
import carpool.orchestrator.core.ServiceView;
import carpool.orchestrator.core.StepRecord;
import carpool.orchestrator.v1.ClientNetwork;
import carpool.orchestrator.v1.Failback;
import carpool.orchestrator.v1.Failover;
import carpool.orchestrator.v1.GroupNote;
import carpool.orchestrator.v1.IntentResult;
import carpool.orchestrator.v1.NetworkEvidence;
import carpool.orchestrator.v1.Note;
import carpool.orchestrator.v1.Pool;
import carpool.orchestrator.v1.PoolNote;
import carpool.orchestrator.v1.PoolState;
import carpool.orchestrator.v1.Service;
import carpool.orchestrator.v1.ServiceState;
import carpool.orchestrator.v1.Step;
import carpool.orchestrator.v1.StepOutcome;
import carpool.orchestrator.v1.WatchEvent;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// From the core's values to the messages of the contract.
public final class OrchestratorProtoMapper {
  private OrchestratorProtoMapper() {}

  static Pool pool(Node.PoolStatus pool) {
    var view = pool.view();
    var out =
        Pool.newBuilder()
            .setName(pool.spec().name())
            .setType(pool.spec().kind() == PoolSpec.Kind.ZFS ? "zfs" : "filesystem")
            .setFollows(pool.spec().follows())
            .setState(state(view))
            .setSinceUnixMillis(since(pool.clock(), view.sinceNanos()))
            .addAllResources(pool.spec().resources())
            .setProblem(view.problem())
            .setHint(view.hint())
            .setStep(view.step());
    if (view.imported()) {
      out.setHealth(pool.reading().here() ? pool.reading().health() : view.health().name())
          .setGuid(pool.reading().guid())
          .setSizeBytes(pool.reading().sizeBytes())
          .setFreeBytes(pool.reading().freeBytes())
          .setMountpoint(pool.reading().mountpoint());
    }
    for (var index = 0; index < view.services().size(); index++) {
      out.addServices(
          service(
              pool.spec().services().get(index).name(), view.services().get(index), pool.clock()));
    }
    return out.build();
  }

  static IntentResult outcome(Node.IntentOutcome outcome) {
    return IntentResult.newBuilder()
        .setPool(outcome.pool())
        .setGroup(outcome.group())
        .setText(outcome.text())
        .setPending(outcome.pending())
        .build();
  }

  static ClientNetwork network(Node.NetworkStatus network) {
    var sight = network.sight();
    var verdict = network.verdict();
    return ClientNetwork.newBuilder()
        .setGroup(network.group())
        .setMaster(sight.master())
        .setGivesWay(sight.givesWay())
        .setEvidence(
            switch (sight.evidence()) {
              case NONE -> NetworkEvidence.NETWORK_EVIDENCE_NONE;
              case TRAFFIC -> NetworkEvidence.NETWORK_EVIDENCE_TRAFFIC;
              case TARGET -> NetworkEvidence.NETWORK_EVIDENCE_TARGET;
            })
        .setSilentMillis(sight.silentNanos() / 1_000_000)
        .setCut(sight.cut())
        .setText(sight.text())
        .setProblem(verdict.lost().isEmpty() ? verdict.alarm() : verdict.lost())
        .build();
  }

  /// As the other node wrote it; evidence of a kind unknown here is none.
  static ClientSight sight(ClientNetwork network) {
    return new ClientSight(
        network.getMaster(),
        network.getGivesWay(),
        switch (network.getEvidence()) {
          case NETWORK_EVIDENCE_TRAFFIC -> Evidence.TRAFFIC;
          case NETWORK_EVIDENCE_TARGET -> Evidence.TARGET;
          case NETWORK_EVIDENCE_NONE, NETWORK_EVIDENCE_UNSPECIFIED, UNRECOGNIZED -> Evidence.NONE;
        },
        Math.max(0, network.getSilentMillis()) * 1_000_000,
        network.getCut(),
        network.getText());
  }

  /// What a node says of itself for a group.
  static GroupNote group(GroupSight own, String group) {
    return GroupNote.newBuilder()
        .setGroup(group)
        .setAdvskew(own.advskew())
        .addAllAgainst(own.against())
        .setRefusal(own.refusal())
        .build();
  }

  /// As the other node wrote it; a group of which it does not tell everything is left out.
  ///
  /// @param poolsOf names of the pools that follow each group
  static Map<String, GroupSight> groups(Note note, Map<String, List<String>> poolsOf) {
    var out = new HashMap<String, GroupSight>();
    for (var group : note.getGroupsList()) {
      var names = poolsOf.getOrDefault(group.getGroup(), List.of());
      var pools =
          note.getPoolsList().stream().filter(pool -> names.contains(pool.getPool())).toList();
      if (!names.isEmpty() && pools.size() == names.size()) {
        out.put(
            group.getGroup(),
            new GroupSight(
                note.getNode(),
                group.getAdvskew(),
                pools.stream().allMatch(p -> p.getState() == PoolState.POOL_STATE_SERVING),
                pools.stream().allMatch(p -> p.getState() == PoolState.POOL_STATE_STANDBY),
                List.copyOf(group.getAgainstList()),
                pools.stream().allMatch(PoolNote::getWanted),
                group.getRefusal()));
      }
    }
    return out;
  }

  /// The wish of this node, or of the other one; empty when neither has one.
  static Optional<Failback> failback(Node.GroupMoves moves) {
    var out = Failback.newBuilder().setGroup(moves.group());
    var wish = moves.wish();
    if (wish.concerned()) {
      return Optional.of(
          out.setNode(moves.own().node())
              .setWanted(wish.wanted())
              .setInMillis(wish.leftNanos() / 1_000_000)
              .setProblem(wish.problem())
              .setText(wish.text())
              .build());
    }
    var peer = moves.peer();
    if (peer != null
        && peer.wanted()
        && moves.own().serves()
        && peer.advskew() < moves.own().advskew()) {
      return Optional.of(
          out.setNode(peer.node())
              .setWanted(true)
              .setProblem(moves.refusal())
              .setText(
                  "wanted by "
                      + peer.node()
                      + (moves.refusal().isEmpty()
                          ? ""
                          : ", and refused, because " + moves.refusal()))
              .build());
    }
    return Optional.empty();
  }

  private static Service service(String name, ServiceView service, Node.Clock clock) {
    return Service.newBuilder()
        .setName(name)
        .setState(
            switch (service.running()) {
              case UNKNOWN -> ServiceState.SERVICE_STATE_UNSPECIFIED;
              case STOPPED -> ServiceState.SERVICE_STATE_STOPPED;
              case STARTING -> ServiceState.SERVICE_STATE_STARTING;
              case RUNNING -> ServiceState.SERVICE_STATE_RUNNING;
              case STOPPING -> ServiceState.SERVICE_STATE_STOPPING;
              case FAILED -> ServiceState.SERVICE_STATE_FAILED;
            })
        .setSinceUnixMillis(since(clock, service.sinceNanos()))
        .setRestarts(service.restarts())
        .setProblem(service.problem())
        .build();
  }

  /// Times of the core are 0 until something has happened.
  private static long since(Node.Clock clock, long atNanos) {
    return atNanos == 0 ? 0 : clock.unixMillisOf(atNanos);
  }

  static PoolState state(PoolView view) {
    return switch (view.phase()) {
      // What the process before this one served is on its way to be served again.
      case STARTING ->
          view.imported() ? PoolState.POOL_STATE_TAKING_OVER : PoolState.POOL_STATE_STANDBY;
      case STANDBY -> PoolState.POOL_STATE_STANDBY;
      case TAKING_OVER -> PoolState.POOL_STATE_TAKING_OVER;
      case SERVING -> PoolState.POOL_STATE_SERVING;
      case GIVING_UP -> PoolState.POOL_STATE_GIVING_UP;
      case BLOCKED -> PoolState.POOL_STATE_BLOCKED;
      case NO_POOL -> PoolState.POOL_STATE_NO_POOL;
      case CUT_OFF -> PoolState.POOL_STATE_CUT_OFF;
    };
  }

  static Step step(StepRecord step, Node.Clock clock) {
    return Step.newBuilder()
        .setName(step.name())
        .setStartedUnixMillis(clock.unixMillisOf(step.startedNanos()))
        .setDurationMillis(step.durationNanos() / 1_000_000)
        .setOutcome(
            switch (step.outcome()) {
              case RUNNING -> StepOutcome.STEP_OUTCOME_RUNNING;
              case DONE -> StepOutcome.STEP_OUTCOME_DONE;
              case FAILED -> StepOutcome.STEP_OUTCOME_FAILED;
              case TIMED_OUT -> StepOutcome.STEP_OUTCOME_TIMED_OUT;
              case SKIPPED -> StepOutcome.STEP_OUTCOME_SKIPPED;
            })
        .setText(step.text())
        .setAttempts(step.attempts())
        .build();
  }

  /// A passage of the node of this name.
  public static Failover failover(Node.Passed passed, String node) {
    var passage = passed.passage();
    var out =
        Failover.newBuilder()
            .setPool(passed.pool())
            .setKind(passage.kind().word())
            .setCause(passage.cause())
            .setStartedUnixMillis(passed.clock().unixMillisOf(passage.startedNanos()))
            .setDurationMillis((passage.endedNanos() - passage.startedNanos()) / 1_000_000)
            .setDone(passage.problem().isEmpty())
            .setProblem(passage.problem())
            .setNode(node);
    passage.steps().forEach(step -> out.addSteps(step(step, passed.clock())));
    return out.build();
  }

  /// What a passage of either node was; empty when this version does not know its kind.
  static Optional<PassageKind> kind(Failover failover) {
    return PassageKind.of(failover.getKind());
  }

  static WatchEvent event(Node.Happening happening) {
    var out =
        WatchEvent.newBuilder()
            .setNumber(happening.number())
            .setUnixMillis(happening.unixMillis())
            .setEvent(happening.event().toLowerCase(Locale.ROOT))
            .setCause(happening.cause())
            .setPool(pool(happening.pool()));
    var step = happening.step();
    if (step != null) {
      out.setStep(step(step, happening.pool().clock()));
    }
    return out.build();
  }
}
