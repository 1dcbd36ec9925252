package carpool.replicator.control;

import carpool.kit.grpc.ServiceError;
import carpool.replicator.quorum.PoolQuorum;
import carpool.replicator.quorum.Quorums;
import carpool.replicator.v1.GetWitnessRequest;
import carpool.replicator.v1.GetWitnessResponse;
import carpool.replicator.v1.RenewWitnessRequest;
import carpool.replicator.v1.RenewWitnessResponse;
import carpool.replicator.v1.RenewWitnessResult;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;

/// What an operator asks of the witness.
final class WitnessControl {
  private final Quorums quorums;

  WitnessControl(Quorums quorums) {
    this.quorums = quorums;
  }

  GetWitnessResponse get(GetWitnessRequest request) {
    var out = GetWitnessResponse.newBuilder();
    var endpoints = quorums.endpoints();
    var answers = quorums.members();
    for (int i = 0; i < answers.size(); i++) {
      out.addMembers(WitnessMapper.member(endpoints.get(i), answers.get(i)));
    }
    if (request.getPoolsCount() == 0) {
      quorums.all().forEach(pool -> out.addWitnesses(WitnessMapper.witness(pool.status())));
    }
    for (var name : request.getPoolsList()) {
      quorums
          .pool(name)
          .ifPresentOrElse(
              pool -> out.addWitnesses(WitnessMapper.witness(pool.status())),
              () -> out.addUnknown(name));
    }
    return out.build();
  }

  RenewWitnessResponse renew(RenewWitnessRequest request) {
    var out = RenewWitnessResponse.newBuilder();
    for (var pool : wanted(request.getPoolsList())) {
      var result = RenewWitnessResult.newBuilder().setPool(pool.pool());
      try {
        var outcome = pool.renew(request.getOverwrite(), request.getForce());
        result.setMessage(outcome.text());
        if (!outcome.done()) {
          result.setError(
              ResourceMapper.error(RefusalReason.WITNESS_FAILED, pool.pool(), outcome.hint()));
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted", e);
      }
      out.addResults(result);
    }
    return out.build();
  }

  private List<PoolQuorum> wanted(List<String> names) {
    if (quorums.all().isEmpty()) {
      throw new ServiceError(
          Status.Code.FAILED_PRECONDITION,
          RefusalReason.WITNESS_NONE,
          "",
          "no witness is configured",
          "add `witness:` to carpool.yaml on both nodes, see docs/witness.md");
    }
    if (names.isEmpty()) {
      return quorums.all();
    }
    var out = new ArrayList<PoolQuorum>();
    for (var name : names) {
      out.add(
          quorums
              .pool(name)
              .orElseThrow(() ->
                  new ServiceError(
                      Status.Code.NOT_FOUND,
                      RefusalReason.RESOURCE_UNKNOWN,
                      name,
                      "pool " + name + " has no witness",
                      "those that have one are: "
                          + String.join(
                              ", ", quorums.all().stream().map(PoolQuorum::pool).toList()))));
    }
    return out;
  }
}
