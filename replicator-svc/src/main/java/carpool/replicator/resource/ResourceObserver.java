package carpool.replicator.resource;

/// Hears which resources this node has; each one once, before it starts.
public interface ResourceObserver {
  /// A configured resource, at the start or found by a reload.
  void added(ResourceNode resource, EventProgram program);

  /// A reload no longer found it.
  void removed(String resource);
}
