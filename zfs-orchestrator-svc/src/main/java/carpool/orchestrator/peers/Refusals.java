package carpool.orchestrator.peers;

import io.grpc.Status;

/// Texts for failed calls.
public final class Refusals {
  private Refusals() {}

  /// One line for people.
  public static String text(Throwable failure) {
    var status = Status.fromThrowable(failure);
    var description = status.getDescription();
    return description == null || description.isEmpty()
        ? status.getCode().name()
        : status.getCode() + ": " + description;
  }
}
