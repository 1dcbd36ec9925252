package carpool.orchestrator.core;

/// Something that failed on this node so that it could not serve well: it counts for a window of
/// time, over restarts, and on both nodes.
///
/// @param what `service NAME`, or `pool`
/// @param text what was found the last time
/// @param atNanos when it failed the last time
public record Strike(String what, String text, int count, long atNanos) {
  /// The pool itself: not imported, not answering, without devices.
  static final String POOL = "pool";

  static String service(String name) {
    return "service " + name;
  }
}
