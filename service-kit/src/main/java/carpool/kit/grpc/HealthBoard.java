package carpool.kit.grpc;

import io.grpc.BindableService;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import jakarta.inject.Inject;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;

/// What the standard gRPC health service answers. The empty name is the whole process; a service
/// adds one name per resource, group or pool (`resource/disk1`).
public final class HealthBoard {
  private final HealthStatusManager manager = new HealthStatusManager();
  private final AtomicBoolean alive = new AtomicBoolean(true);
  private volatile BooleanSupplier proof = () -> true;

  /// Everything starts as not serving.
  @Inject
  public HealthBoard() {
    manager.setStatus("", ServingStatus.NOT_SERVING);
  }

  /// `name` works.
  public void serving(String name) {
    manager.setStatus(name, ServingStatus.SERVING);
  }

  /// `name` does not work now.
  public void notServing(String name) {
    manager.setStatus(name, ServingStatus.NOT_SERVING);
  }

  /// `name` is gone.
  public void remove(String name) {
    manager.clearStatus(name);
  }

  /// The process is stopping: every name, and every later change, is not serving.
  public void allNotServing() {
    manager.enterTerminalState();
  }

  /// Whether the supervisor's watchdog is fed: true until [#notAlive()], while the service's own
  /// proof of life holds.
  public boolean isAlive() {
    return alive.get() && proof.getAsBoolean();
  }

  /// The watchdog is fed only while `holds` is true.
  public void aliveWhile(BooleanSupplier holds) {
    proof = holds;
  }

  /// The process hangs in a way only a restart can mend: the watchdog is no longer fed.
  public void notAlive() {
    alive.set(false);
  }

  BindableService service() {
    return manager.getHealthService();
  }
}
