package carpool.replicator.resource;

import carpool.kit.config.CarpoolConfig;
import carpool.replicator.device.DeviceNode;
import carpool.replicator.device.DeviceSettings;
import carpool.replicator.engine.ResourceDevice;
import carpool.replicator.engine.ResourceEngine;
import carpool.replicator.nbd.ExportLookup;
import carpool.replicator.nbd.NbdServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What clients of one resource see: the NBD export and the device node, there on the primary only.
/// Shown and hidden by one thread at a time; the rest may be called by any.
final class ResourceExport {
  private static final Logger LOG = LoggerFactory.getLogger(ResourceExport.class);
  private static final Duration DEVICE_DEADLINE = Duration.ofSeconds(10);
  private static final Duration DRAIN_DEADLINE = Duration.ofSeconds(10);
  private static final Duration PAUSE_DEADLINE = Duration.ofSeconds(5);

  /// The proxy of a device repeats a request for longer than this node holds it: the node is the
  /// one that decides when holding ends.
  private static final Duration HOLD_MARGIN = Duration.ofSeconds(15);

  private final String resource;
  private final String name;
  private final Path socket;
  private final DeviceNode deviceNode;
  private @Nullable NbdServer server;
  private volatile @Nullable NbdServer tcp;

  /// What clients are given; null when they are refused.
  private volatile @Nullable ResourceDevice shown;

  /// What clients are still connected to while the export ends.
  private @Nullable ResourceDevice ending;

  /// @param name of the export and the device
  ResourceExport(String resource, String name, CarpoolConfig config) {
    this.resource = resource;
    this.name = name;
    socket = config.runtimeDir().resolve("nbd").resolve(name + ".sock");
    deviceNode =
        new DeviceNode(
            new DeviceSettings(
                config.device(),
                config.deviceDir(),
                config.runtimeDir().resolve("device"),
                config.replicator().hold().plus(HOLD_MARGIN)),
            name,
            socket);
  }

  /// Listens; clients are refused until [#show].
  void listen() throws IOException {
    Files.createDirectories(socket.getParent());
    server = NbdServer.listenUnix(socket, lookup());
  }

  /// The export is served there too.
  void alsoServedBy(NbdServer other) {
    tcp = other;
  }

  Path socket() {
    return socket;
  }

  DeviceNode.State deviceState() {
    return deviceNode.state();
  }

  boolean isShown() {
    return shown != null;
  }

  int connections() {
    var d = shown;
    return d == null ? 0 : connections(server, d) + connections(tcp, d);
  }

  private static int connections(@Nullable NbdServer nbd, ResourceDevice d) {
    return nbd == null ? 0 : nbd.connections(d);
  }

  /// Serves the export and has the device made; `ready` is run when it is there.
  void show(ResourceEngine engine, Runnable ready) {
    shown = new ResourceDevice(engine);
    deviceNode
        .appear(engine.disk().metadata().dataSizeBytes())
        .thenRun(ready)
        .exceptionally(this::deviceTrouble);
  }

  /// Has the device removed and does not wait for that.
  void hideSoon() {
    deviceNode.disappear(DEVICE_DEADLINE).exceptionally(this::deviceTrouble);
  }

  /// Has the device removed and waits.
  ///
  /// @return what went wrong; empty when nothing
  String hide() throws InterruptedException {
    try {
      deviceNode.disappear(DEVICE_DEADLINE).get(DEVICE_DEADLINE.toSeconds() + 2, TimeUnit.SECONDS);
      return "";
    } catch (TimeoutException _) {
      return "not removed within " + DEVICE_DEADLINE.toSeconds() + " s";
    } catch (ExecutionException e) {
      return String.valueOf(e.getCause() == null ? e.getMessage() : e.getCause().getMessage());
    }
  }

  /// Admits no more clients and waits for those that are here.
  ///
  /// @return false when they did not end in time
  boolean drain() throws InterruptedException {
    var d = shown;
    shown = null;
    ending = d;
    return d == null || (drained(server, d, DRAIN_DEADLINE) && drained(tcp, d, DRAIN_DEADLINE));
  }

  /// Clients get errors at once. Never blocks.
  void cutOff() {
    var d = shown == null ? ending : shown;
    shown = null;
    if (d != null) {
      d.end();
      cutOff(server, d);
      cutOff(tcp, d);
    }
  }

  /// What [#drain] or [#cutOff] began is over.
  void end() {
    var d = ending;
    ending = null;
    if (d != null) {
      d.end();
    }
  }

  /// Before this process ends and another goes on: answers what was received, and leaves the
  /// device.
  void pause() throws InterruptedException {
    var d = shown;
    shown = null; // nobody connects any more
    var nbd = server;
    if (d == null || nbd == null) {
      return;
    }
    if (!nbd.drain(d, PAUSE_DEADLINE)) {
      LOG.warn("resource={} NBD requests did not end in time", resource);
      nbd.cutOff(d);
    }
    d.end();
  }

  /// Stops listening; the device stays.
  void close() throws InterruptedException {
    var nbd = server;
    if (nbd != null) {
      nbd.stop(Duration.ofSeconds(1));
    }
    deviceNode.close();
  }

  private static boolean drained(@Nullable NbdServer nbd, ResourceDevice d, Duration deadline)
      throws InterruptedException {
    return nbd == null || nbd.drain(d, deadline);
  }

  private static void cutOff(@Nullable NbdServer nbd, ResourceDevice d) {
    if (nbd != null) {
      nbd.cutOff(d);
    }
  }

  private Void deviceTrouble(Throwable trouble) {
    LOG.warn("resource={} device: {}", resource, trouble.getMessage());
    return null;
  }

  /// For the NBD servers.
  ExportLookup lookup() {
    return new Lookup();
  }

  private final class Lookup implements ExportLookup {
    @Override
    public List<String> names() {
      return List.of(name);
    }

    @Override
    public Found find(String wanted) {
      if (!wanted.equals(name)) {
        return new Found.Unknown();
      }
      var d = shown;
      return d == null
          ? new Found.Refused(
              "this node is not primary for " + resource + "; connect to the primary")
          : new Found.Served(d, "carpool resource " + resource);
    }
  }
}
