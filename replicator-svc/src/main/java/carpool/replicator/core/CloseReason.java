package carpool.replicator.core;

import java.util.Locale;

/// Why a session ended, for counting; the text beside it is for people.
public enum CloseReason {
  /// The peer ended it, or its machine did.
  PEER_CLOSED,
  /// The network failed.
  IO_ERROR,
  /// The peer sent what the protocol does not allow.
  MALFORMED,
  /// A frame arrived changed.
  CHECKSUM,
  /// Nothing was heard of the peer for too long.
  SILENT,
  /// The peer is alive, but does not answer a request.
  UNANSWERED,
  /// This node ended it.
  ENDED_HERE;

  /// As a metric's tag.
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
