package carpool.replicator.device;

/// The device could not be made or removed; the message tells people what to look at.
public final class DeviceException extends Exception {
  private static final long serialVersionUID = 1L;

  DeviceException(String message) {
    super(message);
  }
}
