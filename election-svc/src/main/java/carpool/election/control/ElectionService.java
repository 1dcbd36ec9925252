package carpool.election.control;

import carpool.common.v1.Process;
import carpool.election.v1.DemoteRequest;
import carpool.election.v1.DemoteResponse;
import carpool.election.v1.ElectionGrpc;
import carpool.election.v1.GetStatusRequest;
import carpool.election.v1.GetStatusResponse;
import carpool.election.v1.ReloadRequest;
import carpool.election.v1.ReloadResponse;
import carpool.election.v1.ReportRequest;
import carpool.election.v1.ReportResponse;
import carpool.election.v1.ResignRequest;
import carpool.election.v1.ResignResponse;
import carpool.election.v1.UndemoteRequest;
import carpool.election.v1.UndemoteResponse;
import carpool.election.v1.WatchEvent;
import carpool.election.v1.WatchRequest;
import carpool.kit.boot.ConfigReload;
import carpool.kit.boot.Version;
import carpool.kit.config.ConfigException;
import carpool.kit.config.LoadedConfig;
import carpool.kit.grpc.ServerStream;
import carpool.kit.grpc.ServiceError;
import com.google.inject.Inject;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.regex.Pattern;

/// `carpool.election.v1.Election`: thin; every decision is the machine's.
public final class ElectionService extends ElectionGrpc.ElectionImplBase {
  private static final Pattern CAUSE = Pattern.compile("[a-z0-9][a-z0-9.:_/-]{0,63}");
  private static final int AMOUNT_MAX = 255;
  private static final long REPORT_MILLIS_MIN = 1_000;
  private static final long REPORT_MILLIS_MAX = 600_000;
  private static final long HOLD_MILLIS_MAX = 86_400_000;

  private final Groups groups;
  private final Process process;
  private final ConfigReload reload;

  /// For the injector.
  @Inject
  public ElectionService(Groups groups, LoadedConfig loaded, ConfigReload reload) {
    this.groups = groups;
    this.reload = reload;
    this.process =
        ElectionProtoMapper.process(
            System.currentTimeMillis(),
            loaded.node().value(),
            loaded.config().cluster(),
            Version.current(),
            loaded.digest());
  }

  @Override
  public void getStatus(GetStatusRequest request, StreamObserver<GetStatusResponse> answer) {
    var out = GetStatusResponse.newBuilder().setProcess(process);
    groups
        .status(groups.names())
        .forEach(status -> out.addGroups(ElectionProtoMapper.group(status)));
    answer.onNext(out.build());
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

  @Override
  public void watch(WatchRequest request, StreamObserver<WatchEvent> answer) {
    var wanted = known(request.getGroupsList());
    var stream = new ServerStream<>(answer);
    stream.onEnd(groups.watch(wanted, change -> stream.send(ElectionProtoMapper.event(change))));
  }

  @Override
  public void demote(DemoteRequest request, StreamObserver<DemoteResponse> answer) {
    var wanted = known(request.getGroupsList());
    String cause = cause(request.getCause());
    // An ineligible cause may weigh nothing: it rules out MASTER by itself.
    int least = request.getIneligible() ? 0 : 1;
    if (request.getAmount() < least || request.getAmount() > AMOUNT_MAX) {
      throw new ServiceError(
          Status.Code.INVALID_ARGUMENT,
          RefusalReason.AMOUNT_INVALID,
          request.getCause(),
          "amount " + request.getAmount(),
          "1 to 255; 0 only with ineligible");
    }
    groups.demote(wanted, cause, request.getAmount(), request.getIneligible(), request.getText());
    var out = DemoteResponse.newBuilder();
    groups.status(wanted).forEach(status -> out.addGroups(ElectionProtoMapper.group(status)));
    answer.onNext(out.build());
    answer.onCompleted();
  }

  @Override
  public void undemote(UndemoteRequest request, StreamObserver<UndemoteResponse> answer) {
    var wanted = known(request.getGroupsList());
    groups.undemote(wanted, cause(request.getCause()));
    var out = UndemoteResponse.newBuilder();
    groups.status(wanted).forEach(status -> out.addGroups(ElectionProtoMapper.group(status)));
    answer.onNext(out.build());
    answer.onCompleted();
  }

  @Override
  public void resign(ResignRequest request, StreamObserver<ResignResponse> answer) {
    var wanted = known(request.getGroupsList());
    long holdMillis = request.getHoldMillis();
    if (holdMillis < 0 || holdMillis > HOLD_MILLIS_MAX) {
      throw new ServiceError(
          Status.Code.INVALID_ARGUMENT,
          RefusalReason.INTERVAL_INVALID,
          "",
          "hold_millis " + holdMillis,
          "0 to " + HOLD_MILLIS_MAX);
    }
    groups.resign(wanted, holdMillis, request.getCause());
    var out = ResignResponse.newBuilder();
    groups.status(wanted).forEach(status -> out.addGroups(ElectionProtoMapper.group(status)));
    answer.onNext(out.build());
    answer.onCompleted();
  }

  @Override
  public void report(ReportRequest request, StreamObserver<ReportResponse> answer) {
    long within = request.getNextWithinMillis();
    if (within < REPORT_MILLIS_MIN || within > REPORT_MILLIS_MAX) {
      throw new ServiceError(
          Status.Code.INVALID_ARGUMENT,
          RefusalReason.INTERVAL_INVALID,
          "",
          "next_within_millis " + within,
          "1000 to 600000");
    }
    if (!request.getReadyGroupsList().isEmpty()) {
      known(request.getReadyGroupsList());
    }
    groups.report(within, request.getReadyGroupsList());
    answer.onNext(ReportResponse.getDefaultInstance());
    answer.onCompleted();
  }

  /// The groups asked for; none named: all.
  private List<String> known(List<String> named) {
    var all = groups.names();
    for (String name : named) {
      if (!all.contains(name)) {
        throw new ServiceError(
            Status.Code.NOT_FOUND,
            RefusalReason.GROUP_UNKNOWN,
            name,
            "no election group '" + name + "' on this node",
            "one of " + String.join(", ", all));
      }
    }
    return named.isEmpty() ? all : List.copyOf(named);
  }

  private static String cause(String text) {
    if (!CAUSE.matcher(text).matches()) {
      throw new ServiceError(
          Status.Code.INVALID_ARGUMENT,
          RefusalReason.CAUSE_INVALID,
          text,
          "cause '" + text + "'",
          "1 to 64 of a-z 0-9 . : _ / -, beginning with a letter or digit");
    }
    return text;
  }
}
