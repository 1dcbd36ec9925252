package carpool.cli;

import carpool.common.v1.ErrorDetail;
import carpool.kit.grpc.ServiceError;
import carpool.replicator.v1.GetWitnessRequest;
import carpool.replicator.v1.GetWitnessResponse;
import carpool.replicator.v1.RenewWitnessRequest;
import carpool.replicator.v1.RenewWitnessResponse;
import carpool.replicator.v1.ReplicatorGrpc;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.List;

/// A replicator that knows of its witness only.
final class FakeWitness extends ReplicatorGrpc.ReplicatorImplBase {
  /// What was asked for, in order.
  final List<RenewWitnessRequest> renewals = new ArrayList<>();

  volatile GetWitnessResponse answer = GetWitnessResponse.getDefaultInstance();
  volatile RenewWitnessResponse renewed = RenewWitnessResponse.getDefaultInstance();
  volatile boolean none;

  @Override
  public void getWitness(GetWitnessRequest request, StreamObserver<GetWitnessResponse> observer) {
    refuseWithout();
    observer.onNext(answer);
    observer.onCompleted();
  }

  @Override
  public void renewWitness(
      RenewWitnessRequest request, StreamObserver<RenewWitnessResponse> observer) {
    refuseWithout();
    renewals.add(request);
    observer.onNext(renewed);
    observer.onCompleted();
  }

  private void refuseWithout() {
    if (none) {
      throw new ServiceError(
          Status.Code.FAILED_PRECONDITION,
          "no witness is configured",
          ErrorDetail.newBuilder().setReason("WITNESS_NONE").build());
    }
  }
}
