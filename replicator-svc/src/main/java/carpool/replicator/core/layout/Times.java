package carpool.replicator.core.layout;

/// What an operator wants to know of the two sides of a split brain, and what the policy
/// `keep-latest-write` compares. Kept with the copy, because one side of a split brain was
/// restarted nearly always. Milliseconds since 1970 by this node's clock; 0 = not, or not known. No
/// decision about the worth of a copy looks at it.
///
/// @param aloneSinceUnixMillis when the copy went on without its peer
/// @param lastWriteUnixMillis last write, up to ten seconds old when the process was killed
public record Times(long aloneSinceUnixMillis, long lastWriteUnixMillis) {
  /// Nothing is known.
  public static final Times UNKNOWN = new Times(0, 0);
}
