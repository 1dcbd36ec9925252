package carpool.replicator.device;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/// `/dev/nbdN` by nbd-client, and a symbolic link to it (nbd.md 16.7). The kernel's connection goes
/// to the [Proxy], because neither nbd-client nor the kernel reconnects by itself.
final class KernelAttachment implements Attachment {
  private static final Duration COMMAND = Duration.ofSeconds(5);
  private static final int DEVICES_MAX = 64;

  private final Path link;
  private final Proxy proxy;

  KernelAttachment(DeviceSettings settings, String name, Proxy proxy) {
    this.proxy = proxy;
    link = settings.deviceDirectory().resolve(name).toAbsolutePath();
  }

  @Override
  public boolean isUp(long sizeBytes, Deadline deadline) {
    try {
      if (!proxy.isUp() || !Files.isSymbolicLink(link)) {
        return false;
      }
      var number = String.valueOf(Files.readSymbolicLink(link).getFileName());
      var sectors = Path.of("/sys/block", number, "size");
      return isAttached(number)
          && Long.parseLong(Files.readString(sectors).strip()) * 512 == sizeBytes;
    } catch (IOException | NumberFormatException _) {
      return false;
    }
  }

  private static boolean isAttached(String number) {
    return Files.exists(Path.of("/sys/block", number, "pid"));
  }

  @Override
  public void bringUp(long sizeBytes, Deadline deadline)
      throws DeviceException, InterruptedException {
    if (Files.exists(link, LinkOption.NOFOLLOW_LINKS)) {
      throw new DeviceException(
          link + " is in the way and is not ours; move it, or choose another device-dir");
    }
    proxy.start(deadline);
    // nbd-client takes no lock, so another program may be quicker: try the next one then.
    var last = "there is no free /dev/nbdN";
    for (var n = 0; n < DEVICES_MAX; n++) {
      var device = Path.of("/dev/nbd" + n);
      if (!Files.exists(device) || isAttached("nbd" + n)) {
        continue;
      }
      var limit = deadline.atMost(COMMAND).left();
      var socket = proxy.socket().toString();
      var result = Command.run(limit, client(), "-unix", socket, device.toString(), "-b", "4096");
      if (result.ok()) {
        linkTo(device);
        if (!deadline.await(() -> isUp(sizeBytes, deadline))) {
          throw new DeviceException(device + " does not get its size of " + sizeBytes + " bytes");
        }
        return;
      }
      last = result.output();
    }
    throw new DeviceException("nbd-client attaches nothing: " + last);
  }

  private static String client() {
    return HostProbe.find("nbd-client").map(Path::toString).orElse("nbd-client");
  }

  private void linkTo(Path device) throws DeviceException {
    try {
      Files.createSymbolicLink(link, device);
    } catch (IOException e) {
      throw new DeviceException(link + " cannot be made: " + e.getMessage());
    }
  }

  @Override
  public void takeDown(Deadline deadline) throws DeviceException, InterruptedException {
    try {
      if (Files.isSymbolicLink(link)) {
        var device = Files.readSymbolicLink(link);
        if (isAttached(String.valueOf(device.getFileName()))) {
          var limit = deadline.atMost(COMMAND).left();
          var result = Command.run(limit, client(), "-d", device.toString());
          if (!result.ok()) {
            throw new DeviceException(device + " cannot be detached: " + result.output());
          }
        }
        Files.delete(link);
      }
    } catch (IOException e) {
      throw new DeviceException(link + " cannot be removed: " + e.getMessage());
    }
    if (!proxy.stop(deadline)) {
      throw new DeviceException("nbdkit hangs in the kernel");
    }
  }

  @Override
  public CompletableFuture<?> broken() {
    return proxy.nbdkit.ended();
  }

  @Override
  public String lastWords() {
    return "nbdkit ended: " + proxy.nbdkit.lastWords();
  }
}
