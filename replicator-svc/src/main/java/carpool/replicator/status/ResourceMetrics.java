package carpool.replicator.status;

import carpool.replicator.core.ReplicationCore;
import carpool.replicator.core.Role;
import carpool.replicator.engine.StageTimes;
import carpool.replicator.resource.EventProgram;
import carpool.replicator.resource.ResourceNode;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToDoubleFunction;

/// HAST's statistics and the state of each resource as metrics.
public final class ResourceMetrics {
  private final MeterRegistry registry;
  private final ResourceNode node;
  private final Tags tags;

  private ResourceMetrics(MeterRegistry registry, ResourceNode node) {
    this.registry = registry;
    this.node = node;
    this.tags = Tags.of("resource", node.resource().name());
  }

  /// Registers what there is to know about a resource; read when scraped.
  public static void register(MeterRegistry registry, ResourceNode node, EventProgram program) {
    var metrics = new ResourceMetrics(registry, node);
    metrics.all();
    metrics.counter("exec.calls", "result", "any", program.calls());
    metrics.counter("exec.calls", "result", "failed", program.failures());
  }

  /// A resource that is no longer there has no metrics.
  public static void forget(MeterRegistry registry, String resource) {
    for (var meter : registry.getMeters()) {
      if (resource.equals(meter.getId().getTag("resource"))) {
        registry.remove(meter);
      }
    }
  }

  private void all() {
    var c = node.counters();
    c.measure(new StageTimes(registry, tags));
    counter("requests", "kind", "read", c.reads);
    counter("requests", "kind", "write", c.writes);
    counter("requests", "kind", "delete", c.deletes);
    counter("requests", "kind", "flush", c.flushes);
    counter("local.errors", "kind", "read", c.readErrors);
    counter("local.errors", "kind", "write", c.writeErrors);
    counter("local.errors", "kind", "delete", c.deleteErrors);
    counter("local.errors", "kind", "flush", c.flushErrors);
    counter("client.bytes", "direction", "read", c.readBytes);
    counter("client.bytes", "direction", "written", c.writeBytes);
    // Those of ended sessions, and those of the one under way.
    linkBytes("sent", n -> n.counters().sentBytes.sum() + Snapshot.of(n).sentBytes());
    linkBytes("received", n -> n.counters().receivedBytes.sum() + Snapshot.of(n).receivedBytes());
    counter("activemap.updates", "kind", "durable", c.mapUpdates);
    counter("remote.errors", "kind", "write", c.remoteErrors);
    counter("local.repairs", "kind", "read", c.repairs);
    counter("reconnects", "kind", "session", c.reconnects);
    c.sessionEnds.forEach((cause, ends) -> counter("session.ends", "reason", cause.word(), ends));
    counter("checksum.errors", "direction", "received", c.checksumErrors);
    gauge("primary", "1 when this node is primary", c0 -> c0.role() == Role.PRIMARY ? 1 : 0);
    gauge("complete", "1 when connected and nothing is to be copied", c0 -> c0.complete() ? 1 : 0);
    gauge("connected", "1 when a session is agreed", c0 -> c0.phase().agreed() ? 1 : 0);
    gauge("fenced", "1 when this primary must give up", c0 -> c0.fenced() ? 1 : 0);
    gauge(
        "split.brain", "1 when a split brain waits for an operator", c0 -> c0.splitBrain() ? 1 : 0);
    gauge(
        "disk.state", "worth of the copy, codes of docs/on-disk-format.md", c0 -> c0.disk().code());
    gauge(
        "different.bytes", "bytes that may differ from the peer", ReplicationCore::differentBytes);
    gauge(
        "sync.left.bytes",
        "bytes that the synchronisation or verification under way has still to handle",
        c0 -> c0.syncProgress().leftBytes());
    gauge(
        "sync.paused",
        "1 when copying and comparing rest",
        c0 -> c0.syncProgress().paused() ? 1 : 0);
    gauge(
        "verify.different.bytes",
        "bytes of blocks that the last verification found to differ",
        c0 -> c0.syncProgress().foundBytes());
    gauge("marked.extents", "extents marked in the activemap", ReplicationCore::markedExtents);
    gauge(
        "sync.total.bytes",
        "bytes of the synchronisation under way at its start",
        c0 -> c0.syncProgress().totalBytes());
    gauge(
        "sync.wire.bytes",
        "data of the synchronisation under way that went over the link",
        c0 -> c0.syncProgress().wireBytes());
    gauge("peer.role", "0 unknown or init, 1 secondary, 2 primary", ResourceMetrics::peerRole);
    gauge(
        "peer.disk.state",
        "worth of the peer's copy, codes of docs/on-disk-format.md",
        c0 -> c0.peerDisk().code());
    gauge("writes.active", "writes that hold a range now", ReplicationCore::activeWrites);
    gauge(
        "requests.remote",
        "clients' requests that the peer works on",
        core -> core.clientRequests().remote());
    gauge(
        "requests.held",
        "clients' requests that wait and that no disk works on",
        core -> core.clientRequests().held());
    Gauge.builder("carpool.replicator.sync.rate", node, n -> n.syncRate().bytesPerSecond())
        .description("bytes a second of the synchronisation under way")
        .tags(tags)
        .register(registry);
    Gauge.builder(
            "carpool.replicator.peer.silent", node, n -> Snapshot.of(n).peerSilentMillis() / 1e3)
        .description("seconds since anything was heard of the peer; negative when never")
        .tags(tags)
        .register(registry);
    Gauge.builder(
            "carpool.replicator.peer.oldest.request",
            node,
            n -> Snapshot.of(n).oldestRequestMillis() / 1e3)
        .description("seconds for which the peer has owed its oldest answer")
        .tags(tags)
        .register(registry);
  }

  private void linkBytes(String direction, ToDoubleFunction<ResourceNode> bytes) {
    FunctionCounter.builder("carpool.replicator.link.bytes", node, bytes)
        .tags(tags.and("direction", direction))
        .register(registry);
  }

  private static double peerRole(ReplicationCore core) {
    return switch (core.peerRole()) {
      case INIT -> 0;
      case SECONDARY -> 1;
      case PRIMARY -> 2;
    };
  }

  private void counter(String name, String tag, String value, LongAdder adder) {
    FunctionCounter.builder("carpool.replicator." + name, adder, LongAdder::sum)
        .tags(tags.and(tag, value))
        .register(registry);
  }

  private void gauge(String name, String description, ToDoubleFunction<ReplicationCore> value) {
    Gauge.builder("carpool.replicator." + name, node, n -> value(n, value))
        .description(description)
        .tags(tags)
        .register(registry);
  }

  private static double value(ResourceNode node, ToDoubleFunction<ReplicationCore> value) {
    var engine = node.engine();
    return engine == null ? Double.NaN : engine.ask(value::applyAsDouble);
  }
}
