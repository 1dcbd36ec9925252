package carpool.orchestrator.core;

/// Role of this node for one resource, in HAST's words.
public enum Role {
  UNKNOWN,
  INIT,
  PRIMARY,
  SECONDARY
}
