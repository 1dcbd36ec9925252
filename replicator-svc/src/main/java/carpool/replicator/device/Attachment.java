package carpool.replicator.device;

import java.util.concurrent.CompletableFuture;

/// One way to make a device of an NBD socket. Called by the device's own thread.
sealed interface Attachment permits FuseAttachment, KernelAttachment {
  /// True when the device is there, works and has this size; also one that an earlier replicator
  /// made.
  boolean isUp(long sizeBytes, Deadline deadline) throws InterruptedException;

  /// Makes the device; only after [#takeDown].
  void bringUp(long sizeBytes, Deadline deadline) throws DeviceException, InterruptedException;

  /// Removes the device and everything an earlier one left, in use or not: programs that have it
  /// open get errors.
  ///
  /// @throws DeviceException when something hangs beyond the deadline
  void takeDown(Deadline deadline) throws DeviceException, InterruptedException;

  /// Completes when the device stops working by itself.
  CompletableFuture<?> broken();

  /// Why it stopped, for people.
  String lastWords();
}
