package carpool.replicator.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// nbdfuse mounted on a plain file (nbd.md 17.3). nbdfuse never reconnects, hence the [Proxy].
final class FuseAttachment implements Attachment {
  private static final Duration COMMAND = Duration.ofSeconds(2);

  private final Path device;
  private final Proxy proxy;
  private final Companion nbdfuse;
  private final String uri;

  FuseAttachment(DeviceSettings settings, String name, Proxy proxy) {
    this.proxy = proxy;
    device = settings.deviceDirectory().resolve(name).toAbsolutePath();
    uri = "nbd+unix:///?socket=" + proxy.socket();
    nbdfuse =
        new Companion("nbdfuse", settings.stateDirectory().resolve(name + ".nbdfuse.log"), uri);
  }

  @Override
  public boolean isUp(long sizeBytes, Deadline deadline) throws InterruptedException {
    return proxy.isUp()
        && nbdfuse.running().isPresent()
        && Mounts.on(device) == 1
        && size(deadline) == sizeBytes;
  }

  /// By a child process: asking a mount whose server hangs would hang this thread.
  private long size(Deadline deadline) throws InterruptedException {
    var limit = deadline.atMost(COMMAND).left();
    var result = Command.run(limit, "stat", "-c", "%s", device.toString());
    try {
      return result.ok() ? Long.parseLong(result.output()) : -1;
    } catch (NumberFormatException _) {
      return -1;
    }
  }

  @Override
  public void bringUp(long sizeBytes, Deadline deadline)
      throws DeviceException, InterruptedException {
    makeMountPoint();
    proxy.start(deadline);
    nbdfuse.start(List.of(device.toString(), uri));
    var mounted = deadline.await(() -> Mounts.on(device) > 0 || nbdfuse.hasEnded());
    if (!mounted || nbdfuse.running().isEmpty()) {
      throw new DeviceException("nbdfuse does not mount " + device + ": " + nbdfuse.lastWords());
    }
    while (size(deadline) != sizeBytes) {
      if (nbdfuse.running().isEmpty() || System.nanoTime() - deadline.atNanos() >= 0) {
        throw new DeviceException(
            device + " does not get its size of " + sizeBytes + " bytes: " + nbdfuse.lastWords());
      }
    }
  }

  private void makeMountPoint() throws DeviceException {
    try {
      if (!Files.exists(device, LinkOption.NOFOLLOW_LINKS)) {
        Files.createFile(
            device,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      } else if (!Files.isRegularFile(device, LinkOption.NOFOLLOW_LINKS)
          || Files.size(device) != 0) {
        throw new DeviceException(
            device + " is in the way and is not ours; move it, or choose another device-dir");
      }
    } catch (IOException e) {
      throw new DeviceException(device + " cannot be made: " + e.getMessage());
    }
  }

  @Override
  public void takeDown(Deadline deadline) throws DeviceException, InterruptedException {
    var third = deadline.left().dividedBy(3);
    var stopped = nbdfuse.stop(deadline.atMost(third));
    unmount(deadline);
    stopped &= proxy.stop(deadline.atMost(third));
    var mounts = Mounts.on(device);
    if (!stopped || mounts > 0) {
      throw new DeviceException(
          device
              + " cannot be removed: "
              + (mounts > 0 ? "still mounted" : "nbdfuse or nbdkit hangs in the kernel"));
    }
    removeMountPoint();
  }

  private void unmount(Deadline deadline) throws InterruptedException {
    for (var tries = Mounts.on(device); tries > 0; tries--) {
      var limit = deadline.atMost(COMMAND).left();
      if (!Command.run(limit, "umount", "-l", device.toString()).ok()) {
        var _ = Command.run(limit, "fusermount3", "-uz", device.toString());
      }
    }
  }

  private void removeMountPoint() throws DeviceException {
    try {
      // A file with content is not ours; nbdfuse leaves the empty one below its mount.
      if (Files.isSymbolicLink(device)
          || (Files.isRegularFile(device, LinkOption.NOFOLLOW_LINKS) && Files.size(device) == 0)) {
        Files.delete(device);
      }
    } catch (IOException e) {
      throw new DeviceException(device + " cannot be removed: " + e.getMessage());
    }
  }

  @Override
  public CompletableFuture<?> broken() {
    return CompletableFuture.anyOf(nbdfuse.ended(), proxy.nbdkit.ended());
  }

  @Override
  public String lastWords() {
    var ended = nbdfuse.running().isEmpty() ? nbdfuse : proxy.nbdkit;
    return ended.program() + " ended: " + ended.lastWords();
  }
}
