package carpool.replicator.control;

import carpool.common.v1.ErrorDetail;
import carpool.common.v1.Process;
import carpool.kit.boot.ConfigReload;
import carpool.kit.config.ConfigException;
import carpool.kit.config.LoadedConfig;
import carpool.kit.grpc.ServerStream;
import carpool.kit.grpc.ServiceError;
import carpool.replicator.core.DiskState;
import carpool.replicator.core.PromotionMode;
import carpool.replicator.core.PromotionRule.Verdict;
import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.Role;
import carpool.replicator.core.SyncVerdict;
import carpool.replicator.core.layout.LayoutException;
import carpool.replicator.offline.Provisioning;
import carpool.replicator.offline.Provisioning.OccupiedException;
import carpool.replicator.peer.rpc.ProtoMapper;
import carpool.replicator.quorum.Quorums;
import carpool.replicator.resource.Reload;
import carpool.replicator.resource.ReplicatorNode;
import carpool.replicator.resource.ResourceNode;
import carpool.replicator.status.Snapshot;
import carpool.replicator.status.SplitBrainView;
import carpool.replicator.store.ProviderException;
import carpool.replicator.v1.AnnounceGiveUpRequest;
import carpool.replicator.v1.AnnounceGiveUpResponse;
import carpool.replicator.v1.AskPeerRequest;
import carpool.replicator.v1.AskPeerResponse;
import carpool.replicator.v1.CheckPromotionRequest;
import carpool.replicator.v1.CheckPromotionResponse;
import carpool.replicator.v1.CreateRequest;
import carpool.replicator.v1.CreateResponse;
import carpool.replicator.v1.CreateResult;
import carpool.replicator.v1.CutOffRequest;
import carpool.replicator.v1.CutOffResponse;
import carpool.replicator.v1.DumpRequest;
import carpool.replicator.v1.DumpResponse;
import carpool.replicator.v1.DumpResult;
import carpool.replicator.v1.GetSplitBrainRequest;
import carpool.replicator.v1.GetSplitBrainResponse;
import carpool.replicator.v1.GetStatusRequest;
import carpool.replicator.v1.GetStatusResponse;
import carpool.replicator.v1.GetWitnessRequest;
import carpool.replicator.v1.GetWitnessResponse;
import carpool.replicator.v1.MarkOutdatedRequest;
import carpool.replicator.v1.MarkOutdatedResponse;
import carpool.replicator.v1.PromotionVerdict;
import carpool.replicator.v1.ReloadRequest;
import carpool.replicator.v1.ReloadResponse;
import carpool.replicator.v1.RenewWitnessRequest;
import carpool.replicator.v1.RenewWitnessResponse;
import carpool.replicator.v1.ReplicatorGrpc;
import carpool.replicator.v1.ResolveSplitBrainRequest;
import carpool.replicator.v1.ResolveSplitBrainResponse;
import carpool.replicator.v1.SetRoleRequest;
import carpool.replicator.v1.SetRoleResponse;
import carpool.replicator.v1.SetRoleResult;
import carpool.replicator.v1.SplitBrain;
import carpool.replicator.v1.SplitBrainSide;
import carpool.replicator.v1.Survivor;
import carpool.replicator.v1.SyncRequest;
import carpool.replicator.v1.SyncResponse;
import carpool.replicator.v1.SyncResult;
import carpool.replicator.v1.VerifyRequest;
import carpool.replicator.v1.VerifyResponse;
import carpool.replicator.v1.WatchStatusEvent;
import carpool.replicator.v1.WatchStatusRequest;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import jakarta.inject.Inject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Function;

/// The service `carpool.replicator.v1.Replicator`.
public final class ReplicatorService extends ReplicatorGrpc.ReplicatorImplBase {
  private final ReplicatorNode node;
  private final Reload reload;
  private final WitnessControl witness;
  private final long startedUnixMillis = System.currentTimeMillis();

  /// For the injector.
  @Inject
  public ReplicatorService(ReplicatorNode node, Reload reload, Quorums quorums) {
    this.node = node;
    this.reload = reload;
    witness = new WitnessControl(quorums);
  }

  private LoadedConfig loaded() {
    return reload.current();
  }

  private List<ResourceNode> wanted(List<String> names) {
    if (names.isEmpty()) {
      return node.all();
    }
    var found = new ArrayList<ResourceNode>();
    for (var name : names) {
      found.add(node.find(name).orElseThrow(() -> unknown(name)));
    }
    return found;
  }

  private ServiceError unknown(String name) {
    return new ServiceError(
        Status.Code.NOT_FOUND,
        RefusalReason.RESOURCE_UNKNOWN,
        name,
        "resource " + name + " is not configured",
        "configured are: "
            + String.join(", ", node.all().stream().map(r -> r.resource().name()).toList()));
  }

  private static <T> void answer(StreamObserver<T> response, T message) {
    response.onNext(message);
    response.onCompleted();
  }

  // ----- status

  @Override
  public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> response) {
    var out = GetStatusResponse.newBuilder().setProcess(process());
    var names = request.getResourcesList();
    for (var name : names) {
      if (node.find(name).isEmpty()) {
        out.addUnknown(name);
      }
    }
    for (var resource : node.all()) {
      if (names.isEmpty() || names.contains(resource.resource().name())) {
        var snapshot = Snapshot.of(resource);
        out.addResources(ResourceMapper.resource(snapshot));
        if (!snapshot.peerDigest().isEmpty() && !snapshot.peerDigest().equals(loaded().digest())) {
          out.setConfigDiffers(true);
        }
      }
    }
    answer(response, out.build());
  }

  private Process process() {
    return Process.newBuilder()
        .setPid(ProcessHandle.current().pid())
        .setStartedUnixMillis(startedUnixMillis)
        .setNode(loaded().node().value())
        .setCluster(loaded().config().cluster())
        .setConfigDigest(loaded().digest())
        .build();
  }

  @Override
  public void watchStatus(WatchStatusRequest request, StreamObserver<WatchStatusEvent> response) {
    var names = wanted(request.getResourcesList());
    var stream =
        new StatusStream(new ServerStream<>(response), names, request.getProgressIntervalMillis());
    stream.start(node);
  }

  // ----- witness

  @Override
  public void getWitness(GetWitnessRequest request, StreamObserver<GetWitnessResponse> response) {
    answer(response, witness.get(request));
  }

  @Override
  public void renewWitness(
      RenewWitnessRequest request, StreamObserver<RenewWitnessResponse> response) {
    answer(response, witness.renew(request));
  }

  // ----- roles

  @Override
  public void setRole(SetRoleRequest request, StreamObserver<SetRoleResponse> response) {
    var role = ProtoMapper.role(request.getRole());
    if (request.getRole() == carpool.replicator.v1.Role.ROLE_UNSPECIFIED) {
      throw new ServiceError(
          Status.Code.INVALID_ARGUMENT,
          RefusalReason.ARGUMENT_INVALID,
          "",
          "no role is given",
          "allowed are ROLE_INIT, ROLE_PRIMARY, ROLE_SECONDARY");
    }
    var out = SetRoleResponse.newBuilder();
    var changed = new ArrayList<ResourceNode>();
    var previous = new ArrayList<Role>();
    boolean failed = false;
    for (var resource : request.getResourcesList().isEmpty() ? node.all() : known(request, out)) {
      if (failed && request.getTogether()) {
        break;
      }
      var result = change(resource, role, mode(request), request.getCause());
      out.addResults(result.message);
      if (result.message.hasError()) {
        failed = true;
      } else if (result.previous != role) {
        changed.add(resource);
        previous.add(result.previous);
      }
    }
    if (failed && request.getTogether()) {
      for (int i = 0; i < changed.size(); i++) {
        change(
            changed.get(i),
            previous.get(i),
            PromotionMode.CHECKED,
            "put back: not all could change");
      }
    }
    answer(response, out.build());
  }

  private List<ResourceNode> known(SetRoleRequest request, SetRoleResponse.Builder out) {
    var known = new ArrayList<ResourceNode>();
    for (var name : request.getResourcesList()) {
      var found = node.find(name);
      if (found.isPresent()) {
        known.add(found.get());
      } else {
        var error = unknown(name);
        out.addResults(
            SetRoleResult.newBuilder()
                .setResource(name)
                .setError(error.detail())
                .setMessage(String.valueOf(error.getMessage())));
      }
    }
    return known;
  }

  private record Changed(Role previous, SetRoleResult message) {}

  private static PromotionMode mode(SetRoleRequest request) {
    if (request.getForce()) {
      return PromotionMode.FORCED;
    }
    return request.getPeerWordNeeded() ? PromotionMode.PEER_WORD : PromotionMode.CHECKED;
  }

  private static Changed change(
      ResourceNode resource, Role role, PromotionMode mode, String cause) {
    var name = resource.resource().name();
    var result = SetRoleResult.newBuilder().setResource(name);
    try {
      var outcome =
          resource.setRole(
              role, mode, cause.isEmpty() ? "operator" : cause, Context.current()::isCancelled);
      result
          .setPrevious(ProtoMapper.role(outcome.previous()))
          .setNow(ProtoMapper.role(outcome.now()))
          .setMessage(outcome.problem());
      if (outcome.verdict() != Verdict.ALLOWED) {
        result.setError(
            resource
                .attachFailure()
                .map(failure -> AttachHint.error(failure, name))
                .orElseGet(() -> ResourceMapper.error(outcome.verdict(), name)));
        result.setMessage(
            outcome.problem().isEmpty() ? outcome.verdict().reason() : outcome.problem());
      }
      return new Changed(outcome.previous(), result.build());
    } catch (CancellationException e) {
      // For nobody, but it ends the request, and what was changed is put back.
      var unchanged = resource.role();
      result
          .setPrevious(ProtoMapper.role(unchanged))
          .setNow(ProtoMapper.role(unchanged))
          .setMessage(String.valueOf(e.getMessage()))
          .setError(ResourceMapper.error(RefusalReason.CANCELLED, name, "ask again"));
      return new Changed(unchanged, result.build());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  @Override
  public void checkPromotion(
      CheckPromotionRequest request, StreamObserver<CheckPromotionResponse> response) {
    var out = CheckPromotionResponse.newBuilder();
    for (var resource : wanted(request.getResourcesList())) {
      var name = resource.resource().name();
      var core = Snapshot.of(resource).core();
      var verdict = core == null ? Verdict.DISK_UNUSABLE : core.promotion();
      var entry =
          PromotionVerdict.newBuilder()
              .setResource(name)
              .setAllowed(verdict == Verdict.ALLOWED)
              .setNeedsHandOver(verdict == Verdict.PEER_IS_PRIMARY)
              .setRisk(verdict.risk());
      if (verdict != Verdict.ALLOWED) {
        entry.setRefusal(ResourceMapper.error(verdict, name));
      }
      out.addVerdicts(entry);
    }
    answer(response, out.build());
  }

  @Override
  public void askPeer(AskPeerRequest request, StreamObserver<AskPeerResponse> response) {
    try {
      node.leave(request.getNote());
    } catch (IllegalArgumentException e) {
      throw new ServiceError(
          Status.Code.INVALID_ARGUMENT,
          RefusalReason.ARGUMENT_INVALID,
          "",
          String.valueOf(e.getMessage()),
          "at most 262144 bytes");
    }
    answer(
        response, request.getLeaveOnly() ? AskPeerResponse.getDefaultInstance() : node.askPeer());
  }

  @Override
  public void markOutdated(
      MarkOutdatedRequest request, StreamObserver<MarkOutdatedResponse> response) {
    var out = MarkOutdatedResponse.newBuilder();
    for (var resource : wanted(request.getResourcesList())) {
      resource.markOutdated(request.getCause());
      out.addResults(SetRoleResult.newBuilder().setResource(resource.resource().name()));
    }
    answer(response, out.build());
  }

  @Override
  public void cutOff(CutOffRequest request, StreamObserver<CutOffResponse> response) {
    var out = CutOffResponse.newBuilder();
    for (var resource : wanted(request.getResourcesList())) {
      resource.cutOff(request.getCause());
      out.addResults(SetRoleResult.newBuilder().setResource(resource.resource().name()));
    }
    answer(response, out.build());
  }

  @Override
  public void announceGiveUp(
      AnnounceGiveUpRequest request, StreamObserver<AnnounceGiveUpResponse> response) {
    if (request.getForMillis() < 0) {
      throw new ServiceError(
          Status.Code.INVALID_ARGUMENT,
          RefusalReason.ARGUMENT_INVALID,
          "",
          "for_millis is negative",
          "0 takes an announcement back");
    }
    var out = AnnounceGiveUpResponse.newBuilder();
    for (var resource : wanted(request.getResourcesList())) {
      resource.announceGiveUp(Duration.ofMillis(request.getForMillis()), request.getCause());
      out.addResults(SetRoleResult.newBuilder().setResource(resource.resource().name()));
    }
    answer(response, out.build());
  }

  // ----- synchronisation

  @Override
  public void sync(SyncRequest request, StreamObserver<SyncResponse> response) {
    long rate =
        request.getRateBytesPerSecond() < 0 ? Long.MAX_VALUE : request.getRateBytesPerSecond();
    Function<ReplicationCore, SyncVerdict> order =
        switch (request.getAction()) {
          case SYNC_ACTION_UNSPECIFIED -> core -> core.orderSync(request.getFull(), rate);
          case SYNC_ACTION_PAUSE -> core -> core.pauseSync(true);
          case SYNC_ACTION_RESUME -> core -> core.pauseSync(false);
          case UNRECOGNIZED -> throw unknownAction();
        };
    var out = SyncResponse.newBuilder();
    for (var resource : wanted(request.getResourcesList())) {
      out.addResults(SyncOrders.carryOut(resource, order));
    }
    answer(response, out.build());
  }

  @Override
  public void verify(VerifyRequest request, StreamObserver<VerifyResponse> response) {
    RepairRule.check(request);
    Function<ReplicationCore, SyncVerdict> order =
        switch (request.getAction()) {
          case VERIFY_ACTION_UNSPECIFIED -> core -> core.orderVerify(request.getRepair());
          case VERIFY_ACTION_STOP -> core -> core.stopVerify();
          case VERIFY_ACTION_RESUME -> core -> core.resumeVerify();
          case UNRECOGNIZED -> throw unknownAction();
        };
    var out = VerifyResponse.newBuilder();
    for (var resource : wanted(request.getResourcesList())) {
      out.addResults(SyncOrders.carryOut(resource, order));
    }
    answer(response, out.build());
  }

  private static ServiceError unknownAction() {
    return new ServiceError(
        Status.Code.INVALID_ARGUMENT,
        RefusalReason.ARGUMENT_INVALID,
        "",
        "the action is unknown",
        "see replicator.proto");
  }

  // ----- split brain

  @Override
  public void getSplitBrain(
      GetSplitBrainRequest request, StreamObserver<GetSplitBrainResponse> response) {
    var out = GetSplitBrainResponse.newBuilder();
    for (var resource : wanted(request.getResourcesList())) {
      var found = SplitBrainView.of(resource);
      if (found.isPresent()) {
        var one =
            SplitBrain.newBuilder()
                .setResource(resource.resource().name())
                .setDetectedUnixMillis(found.get().detectedUnixMillis())
                .setEveryBlock(found.get().everyBlock())
                .setLocal(ResourceMapper.side(found.get().local()));
        var peer = found.get().peer();
        one.setPeer(
            peer != null
                ? ResourceMapper.side(peer)
                : SplitBrainSide.newBuilder()
                    .setNode(resource.resource().peer().map(p -> p.node().value()).orElse(""))
                    .build());
        out.addSplitBrains(one);
      }
    }
    answer(response, out.build());
  }

  @Override
  public void resolveSplitBrain(
      ResolveSplitBrainRequest request, StreamObserver<ResolveSplitBrainResponse> response) {
    if (request.getKeep() == Survivor.SURVIVOR_UNSPECIFIED) {
      throw new ServiceError(
          Status.Code.INVALID_ARGUMENT,
          RefusalReason.ARGUMENT_INVALID,
          "",
          "no survivor is named",
          "allowed are SURVIVOR_LOCAL and SURVIVOR_PEER");
    }
    var out = ResolveSplitBrainResponse.newBuilder();
    for (var resource : wanted(request.getResourcesList())) {
      var name = resource.resource().name();
      var result = SyncResult.newBuilder().setResource(name);
      var core = Snapshot.of(resource).core();
      if (core == null || !core.splitBrain()) {
        result
            .setError(ResourceMapper.error(RefusalReason.SPLIT_BRAIN, name, ""))
            .setMessage("resource " + name + " has no split brain");
      } else if (request.getKeep() == Survivor.SURVIVOR_PEER && core.role() == Role.PRIMARY) {
        result
            .setError(
                ResourceMapper.error(
                    RefusalReason.NOT_CONNECTED,
                    name,
                    "give the pool up first: `carpool maintenance on`"))
            .setMessage("this node is primary: its copy is in use");
      } else if (halfSynchronised(resource, request.getKeep())) {
        var local = request.getKeep() == Survivor.SURVIVOR_LOCAL;
        result
            .setError(
                ResourceMapper.error(
                    RefusalReason.COPY_INCONSISTENT,
                    name,
                    "keep the other one: `carpool split-brain "
                        + (local ? "keep-peer " : "keep-local ")
                        + name
                        + "`"))
            .setMessage(
                (local ? "this node's" : "the peer's")
                    + " copy is half synchronised and cannot be the survivor");
      } else {
        boolean everyBlock =
            SplitBrainView.of(resource).map(SplitBrainView::everyBlock).orElse(false);
        var left = resource.resolveSplitBrain(request.getKeep() == Survivor.SURVIVOR_LOCAL);
        if (left.isEmpty()) {
          result.setTotalBytes(everyBlock ? core.dataSizeBytes() : core.differentBytes());
        } else {
          result
              .setError(
                  ResourceMapper.error(
                      RefusalReason.NOT_CONNECTED,
                      name,
                      "on the other node: `carpool split-brain keep-peer " + name + "`"))
              .setMessage(left);
        }
      }
      out.addResults(result);
    }
    answer(response, out.build());
  }

  private static boolean halfSynchronised(ResourceNode resource, Survivor survivor) {
    return SplitBrainView.of(resource)
        .map(view -> survivor == Survivor.SURVIVOR_LOCAL ? view.local() : view.peer())
        .filter(side -> side.disk() == DiskState.INCONSISTENT)
        .isPresent();
  }

  // ----- configuration

  @Override
  public void reload(ReloadRequest request, StreamObserver<ReloadResponse> response) {
    try {
      var outcome = reload.now();
      answer(
          response,
          ReloadResponse.newBuilder()
              .addAllChanges(outcome.applied())
              .addAllNeedsRestart(outcome.needsRestart())
              .build());
    } catch (ConfigException e) {
      throw ConfigReload.refusal(e, loaded().file());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }

  // ----- provisioning

  @Override
  public void create(CreateRequest request, StreamObserver<CreateResponse> response) {
    if (request.getResourcesList().isEmpty()) {
      throw new ServiceError(
          Status.Code.INVALID_ARGUMENT,
          RefusalReason.ARGUMENT_INVALID,
          "",
          "no resource is named",
          "name each resource to be created");
    }
    var options =
        new Provisioning.Options(
            request.getExtentSizeBytes(),
            request.getKeepdirty(),
            request.getMediaSizeBytes(),
            request.getDataSizeBytes(),
            request.getForce() ? Provisioning.Overwrite.ANYTHING : Provisioning.Overwrite.NOTHING);
    var out = CreateResponse.newBuilder();
    for (var resource : wanted(request.getResourcesList())) {
      out.addResults(create(resource, options));
    }
    answer(response, out.build());
  }

  private static CreateResult create(ResourceNode resource, Provisioning.Options options) {
    var name = resource.resource().name();
    var result = CreateResult.newBuilder().setResource(name);
    Function<ErrorDetail, CreateResult.Builder> failed = result::setError;
    try {
      result.setMetadata(ResourceMapper.metadata(resource.create(options)));
    } catch (OccupiedException e) {
      failed
          .apply(
              ResourceMapper.error(
                  e.hasMetadata()
                      ? RefusalReason.PROVIDER_HAS_METADATA
                      : RefusalReason.PROVIDER_FOREIGN,
                  name,
                  "use --force to overwrite it"))
          .setMessage(e.getMessage());
    } catch (ProviderException e) {
      failed.apply(ResourceMapper.error(providerReason(e), name, "")).setMessage(e.getMessage());
    } catch (LayoutException e) {
      failed
          .apply(ResourceMapper.error(RefusalReason.ARGUMENT_INVALID, name, ""))
          .setMessage(e.getMessage());
    }
    return result.build();
  }

  private static RefusalReason providerReason(ProviderException e) {
    return e.reason() == ProviderException.Reason.BUSY
        ? RefusalReason.PROVIDER_BUSY
        : RefusalReason.PROVIDER_MISSING;
  }

  @Override
  public void dump(DumpRequest request, StreamObserver<DumpResponse> response) {
    var out = DumpResponse.newBuilder();
    for (var resource : wanted(request.getResourcesList())) {
      var name = resource.resource().name();
      var result = DumpResult.newBuilder().setResource(name);
      try {
        result.setMetadata(ResourceMapper.metadata(Provisioning.dump(resource.resource())));
      } catch (ProviderException e) {
        result
            .setError(ResourceMapper.error(providerReason(e), name, ""))
            .setMessage(e.getMessage());
      } catch (LayoutException e) {
        result
            .setError(
                ResourceMapper.error(
                    RefusalReason.METADATA_INVALID, name, "`carpool create` makes new metadata"))
            .setMessage(e.getMessage());
      }
      out.addResults(result);
    }
    answer(response, out.build());
  }
}
