package carpool.cli.output;

import carpool.kit.text.HumanNumber;
import carpool.replicator.v1.Metadata;
import carpool.replicator.v1.Resource;
import carpool.replicator.v1.Role;
import java.util.Locale;

/// Output of hastctl(8) byte for byte: `status`, `list` and `dump` of FreeBSD's
/// sbin/hastctl/hastctl.c.
public final class HastctlForm {
  /// Header of `status`, printed once before the first resource.
  public static final String STATUS_HEADER = "Name\tStatus\t Role\t\tComponents\n";

  /// Requests the original can have in flight; what is not in use is `idle`.
  private static final long QUEUE_SLOTS = 256;

  private HastctlForm() {}

  /// One row of `status`.
  public static String statusRow(Resource resource) {
    return String.format(
        Locale.ROOT,
        "%s\t%-9s%-15s%s\t%s\n",
        resource.getName(),
        hasWorker(resource) ? status(resource) : "-",
        role(resource.getRole()),
        resource.getLocalPath(),
        resource.getRemoteAddress());
  }

  /// Row of `status` for a resource the daemon answered with an error for.
  public static String statusError(String name, int code) {
    return name + "\tERR" + code + "\n";
  }

  /// Block of `list`.
  public static String list(Resource resource) {
    var worker = hasWorker(resource);
    var primary = worker && resource.getRole() == Role.ROLE_PRIMARY;
    var extent = worker ? resource.getExtentSizeBytes() : 0;
    var dirty = primary ? resource.getDirtyBytes() : 0;
    var s =
        worker ? resource.getStatistics() : carpool.replicator.v1.Statistics.getDefaultInstance();
    var text = new StringBuilder();
    text.append(resource.getName()).append(":\n");
    line(text, "role", role(resource.getRole()));
    line(text, "provname", resource.getProvname());
    line(text, "localpath", resource.getLocalPath());
    line(text, "extentsize", extent + " (" + HumanNumber.bytes(extent) + ")");
    line(text, "keepdirty", Integer.toString(primary ? resource.getKeepdirty() : 0));
    line(text, "remoteaddr", resource.getRemoteAddress());
    if (!resource.getSourceAddress().isEmpty()) {
      line(text, "sourceaddr", resource.getSourceAddress());
    }
    line(text, "replication", Words.of(resource.getReplication()));
    if (worker) {
      line(text, "status", status(resource));
      line(text, "workerpid", Long.toString(resource.getWorkerPid()));
    }
    line(text, "dirty", dirty + " (" + HumanNumber.bytes(dirty) + ")");
    text.append("  statistics:\n");
    number(text, "reads", s.getReads());
    number(text, "writes", s.getWrites());
    number(text, "deletes", s.getDeletes());
    number(text, "flushes", s.getFlushes());
    number(text, "activemap updates", s.getActivemapUpdates());
    text.append("    local errors: read: ").append(s.getReadErrors());
    text.append(", write: ").append(s.getWriteErrors());
    text.append(", delete: ").append(s.getDeleteErrors());
    text.append(", flush: ").append(s.getFlushErrors()).append('\n');
    var local = s.getInFlightLocal();
    var remote = primary ? s.getInFlightRemote() : 0;
    var idle = worker ? Math.max(0, QUEUE_SLOTS - local - remote) : 0;
    text.append("    queues: local: ").append(local).append(", send: 0, recv: ").append(remote);
    text.append(", done: 0, idle: ").append(idle).append('\n');
    return text.toString();
  }

  /// Block of `list` for a resource the daemon answered with an error for.
  public static String listError(String name, int code) {
    return name + ":\n  error: " + code + "\n";
  }

  /// Block of `dump`.
  public static String dump(Metadata metadata) {
    var identity = metadata.getIdentity();
    return """
    resource: %s
        datasize: %d (%s)
        extentsize: %d (%s)
        keepdirty: %d
        localoff: %d
        resuid: %s
        localcnt: %s
        remotecnt: %s
        prevrole: %s
    """
        .formatted(
            metadata.getResource(),
            metadata.getDataSizeBytes(),
            HumanNumber.bytes(metadata.getDataSizeBytes()),
            metadata.getExtentSizeBytes(),
            HumanNumber.bytes(metadata.getExtentSizeBytes()),
            metadata.getKeepdirty(),
            metadata.getLocalOffsetBytes(),
            Long.toUnsignedString(identity.getResuid()),
            Long.toUnsignedString(identity.getLocalcnt()),
            Long.toUnsignedString(identity.getRemotecnt()),
            metadata.getPrevrole());
  }

  /// `complete` or `degraded`.
  public static String status(Resource resource) {
    return resource.getComplete() ? "complete" : "degraded";
  }

  private static String role(Role role) {
    return role == Role.ROLE_UNSPECIFIED ? "init" : Words.of(role);
  }

  private static boolean hasWorker(Resource resource) {
    return resource.getWorkerPid() != 0;
  }

  private static void line(StringBuilder text, String key, String value) {
    text.append("  ").append(key).append(": ").append(value).append('\n');
  }

  private static void number(StringBuilder text, String key, long value) {
    text.append("    ").append(key).append(": ").append(value).append('\n');
  }
}
